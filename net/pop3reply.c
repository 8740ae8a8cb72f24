/* See pop3reply.h. */
#include "net/pop3reply.h"

#include <string.h>

#include "core/limits.h"
#include "net/sasl.h"

#define MOST_WORDS 64

Pop3Status pop3_status(const char *line, gsize size, const char **text)
{
    static const struct {
        const char *word;
        Pop3Status status;
    } words[] = {{"+OK", POP3_OK}, {"-ERR", POP3_ERR}, {"+", POP3_CHALLENGE}};
    *text = "";
    if (memchr(line, '\0', size))
        return POP3_NONSENSE;
    for (gsize i = 0; i < G_N_ELEMENTS(words); i++) {
        gsize length = strlen(words[i].word);
        if (strncmp(line, words[i].word, length) != 0 ||
            (line[length] != ' ' && line[length] != '\0'))
            continue;
        *text = line + length + (line[length] == ' ');
        return words[i].status;
    }
    return POP3_NONSENSE;
}

static gboolean begins_with_code(const char *text, const char *code)
{
    gsize length = strlen(code);
    return g_ascii_strncasecmp(text, code, length) == 0 &&
           (text[length] == ']' || text[length] == '/');
}

Pop3Reason pop3_reason(const char *text)
{
    static const struct {
        const char *code;
        Pop3Reason reason;
    } codes[] = {
        {"[AUTH", POP3_REASON_AUTH},          {"[SYS/TEMP", POP3_REASON_TEMPORARY},
        {"[SYS/PERM", POP3_REASON_PERMANENT}, {"[IN-USE", POP3_REASON_IN_USE},
        {"[LOGIN-DELAY", POP3_REASON_DELAY},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(codes); i++)
        if (begins_with_code(text, codes[i].code))
            return codes[i].reason;
    return POP3_REASON_NONE;
}

gboolean pop3_transient(const char *text)
{
    Pop3Reason reason = pop3_reason(text);
    return reason == POP3_REASON_TEMPORARY || reason == POP3_REASON_IN_USE ||
           reason == POP3_REASON_DELAY;
}

/* Decimal digits alone, from 1 (or 0) to MOST, up to a blank; the rest of the line, or NULL. */
static const char *number_before_blank(const char *text, guint32 least, guint32 most,
                                       guint32 *number)
{
    gsize digits = strspn(text, "0123456789");
    if (digits == 0 || digits > 10 || text[digits] != ' ')
        return NULL;
    guint64 value = g_ascii_strtoull(text, NULL, 10);
    *number = (guint32)value;
    return value >= least && value <= most ? text + digits + 1 : NULL;
}

gboolean pop3_stat(const char *text, guint32 *exists)
{
    const char *rest = number_before_blank(text, 0, LIMIT_SERVER_MESSAGES, exists);
    return rest && g_ascii_isdigit(*rest);
}

gboolean pop3_uidl(const char *line, gsize size, guint32 exists, guint32 *number, const char **uidl)
{
    const char *rest = number_before_blank(line, 1, exists, number);
    if (rest == NULL)
        return FALSE;
    gsize length = size - (gsize)(rest - line);
    for (gsize i = 0; i < length; i++)
        if (rest[i] < 0x21 || rest[i] > 0x7e)
            return FALSE;
    *uidl = rest;
    return length >= 1 && length <= LIMIT_UIDL;
}

gboolean pop3_scan(const char *line, guint32 exists, guint32 *number, guint64 *size)
{
    const char *rest = number_before_blank(line, 1, exists, number);
    if (rest == NULL || !g_ascii_isdigit(*rest))
        return FALSE;
    *size = MIN(g_ascii_strtoull(rest, NULL, 10), G_MAXINT64);
    return TRUE;
}

Pop3Capabilities *pop3_capabilities_new(void)
{
    Pop3Capabilities *capabilities = g_new0(Pop3Capabilities, 1);
    capabilities->mechanisms = sasl_offers_new();
    return capabilities;
}

void pop3_capabilities_free(Pop3Capabilities *capabilities)
{
    if (capabilities)
        g_ptr_array_unref(capabilities->mechanisms);
    g_free(capabilities);
}

void pop3_capability(Pop3Capabilities *capabilities, const char *line)
{
    /* A long line makes no million words. */
    g_auto(GStrv) words = g_strsplit(line, " ", MOST_WORDS);
    if (words[0] == NULL)
        return;
    if (g_ascii_strcasecmp(words[0], "USER") == 0)
        capabilities->user = TRUE;
    else if (g_ascii_strcasecmp(words[0], "UIDL") == 0)
        capabilities->uidl = TRUE;
    else if (g_ascii_strcasecmp(words[0], "PIPELINING") == 0)
        capabilities->pipelining = TRUE;
    else if (g_ascii_strcasecmp(words[0], "UTF8") == 0)
        capabilities->utf8 = TRUE;
    else if (g_ascii_strcasecmp(words[0], "AUTH-RESP-CODE") == 0)
        capabilities->auth_codes = TRUE;
    else if (g_ascii_strcasecmp(words[0], "SASL") == 0)
        sasl_offer(capabilities->mechanisms, words + 1);
}
