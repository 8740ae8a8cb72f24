/* See address.h. */
#include "mime/address.h"

#include <string.h>

#include "mime/charset.h"
#include "mime/rfc2047.h"

/* One mailbox as it is gathered. */
typedef struct {
    GString *phrase; /* words as they came, quotes undone */
    GString *spec;   /* the same with quotes kept: an address without < > */
    GString *comment;
    GString *angle; /* between < and > */
    gboolean has_angle;
    AddressFlaws flaws;
    guint max;
    GPtrArray *out;
} Scan;

void address_destroy(gpointer mailbox)
{
    mailbox_free(mailbox);
}

static gboolean is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static void reset(Scan *scan)
{
    g_string_truncate(scan->phrase, 0);
    g_string_truncate(scan->spec, 0);
    g_string_truncate(scan->comment, 0);
    g_string_truncate(scan->angle, 0);
    scan->has_angle = FALSE;
}

/* Blanks around "." and "@" are no part of an address (RFC 5322, obs-local-part). */
static char *squeeze(const char *text)
{
    g_autoptr(GString) out = g_string_new(NULL);
    gboolean quoted = FALSE;
    for (const char *at = text; *at; at++) {
        if (*at == '"' && (at == text || at[-1] != '\\'))
            quoted = !quoted;
        if (quoted || !is_blank(*at))
            g_string_append_c(out, *at);
    }
    return charset_to_utf8(NULL, out->str, out->len);
}

static char *clean_name(const char *raw)
{
    g_autofree char *name = g_strstrip(rfc2047_decode(raw));
    return *name ? g_steal_pointer(&name) : NULL;
}

/* Is there a blank that does not stand beside "@" or "." nor in quotes? */
static gboolean has_words(const char *spec)
{
    gboolean quoted = FALSE;
    char before = '.';
    for (const char *at = spec; *at; at++) {
        if (*at == '"')
            quoted = !quoted;
        if (quoted || is_blank(*at))
            continue;
        gboolean joined = strchr("@.", before) != NULL || strchr("@.", *at) != NULL;
        if (at > spec && is_blank(at[-1]) && !joined)
            return TRUE;
        before = *at;
    }
    return FALSE;
}

/* "John Smith john@corp.example": the last word with an at sign is the address. */
static Mailbox *from_words(Scan *scan, char *spec)
{
    Mailbox *mailbox = g_new0(Mailbox, 1);
    scan->flaws |= ADDRESS_MALFORMED;
    char *blank = strrchr(spec, ' ');
    if (blank != NULL && strchr(blank, '@') != NULL) {
        mailbox->address = squeeze(blank);
        *blank = '\0';
        mailbox->name = clean_name(spec);
    } else {
        mailbox->address = g_strdup("");
        mailbox->name = clean_name(scan->phrase->str);
    }
    return mailbox;
}

static const char *skip_route(Scan *scan, const char *angle)
{
    while (is_blank(*angle))
        angle++;
    const char *colon = *angle == '@' ? strchr(angle, ':') : NULL;
    if (colon == NULL)
        return angle;
    scan->flaws |= ADDRESS_ROUTE;
    return colon + 1;
}

static void finish(Scan *scan)
{
    g_autofree char *spec = g_strstrip(g_strdup(scan->spec->str));
    Mailbox *mailbox = NULL;
    if (scan->has_angle) {
        mailbox = g_new0(Mailbox, 1);
        mailbox->address = squeeze(skip_route(scan, scan->angle->str));
        mailbox->name = clean_name(scan->phrase->str);
        if (strchr(spec, '@') != NULL && strchr(spec, '"') == NULL)
            scan->flaws |= ADDRESS_MALFORMED;
    } else if (*spec != '\0' && has_words(spec)) {
        mailbox = from_words(scan, spec);
    } else if (*spec != '\0') {
        mailbox = g_new0(Mailbox, 1);
        mailbox->address = squeeze(spec);
    }
    if (mailbox != NULL && mailbox->name == NULL)
        mailbox->name = clean_name(scan->comment->str);
    if (mailbox != NULL && (*mailbox->address || mailbox->name) && scan->out->len < scan->max)
        g_ptr_array_add(scan->out, mailbox);
    else
        mailbox_free(mailbox);
    reset(scan);
}

static const char *read_quoted(Scan *scan, const char *at)
{
    const char *start = at++;
    for (; *at && *at != '"'; at++) {
        if (*at == '\\' && at[1])
            at++;
        g_string_append_c(scan->phrase, *at);
    }
    if (*at == '"')
        at++;
    else
        scan->flaws |= ADDRESS_MALFORMED;
    g_string_append_len(scan->spec, start, at - start);
    return at;
}

static const char *read_comment(Scan *scan, const char *at)
{
    guint depth = 1;
    g_string_truncate(scan->comment, 0);
    for (at++; *at; at++) {
        gboolean escaped = *at == '\\' && at[1];
        if (escaped)
            at++;
        else if (*at == '(')
            depth++;
        else if (*at == ')' && --depth == 0)
            return at + 1;
        g_string_append_c(scan->comment, *at);
    }
    scan->flaws |= ADDRESS_MALFORMED;
    return at;
}

/* What stands between < and >; a comma may hide in quotes or in a route. */
static const char *read_angle(Scan *scan, const char *at)
{
    gboolean quoted = FALSE;
    scan->flaws |= scan->has_angle ? ADDRESS_MALFORMED : 0;
    scan->has_angle = TRUE;
    g_string_truncate(scan->angle, 0);
    for (at++; *at && (quoted || *at != '>'); at++) {
        if (*at == '"')
            quoted = !quoted;
        g_string_append_c(scan->angle, *at);
        if (*at == '\\' && at[1])
            g_string_append_c(scan->angle, *++at);
    }
    if (*at == '>')
        return at + 1;
    scan->flaws |= ADDRESS_MALFORMED;
    return at;
}

/* An address literal may hold colons: user@[IPv6:2001:db8::1]. */
static gsize literal_length(const char *at)
{
    gsize size = strcspn(at, "],;<>\" \t");
    return at[size] == ']' ? size + 1 : 1;
}

static const char *read_plain(Scan *scan, const char *at)
{
    gsize size = 1;
    if (*at == '[')
        size = literal_length(at);
    else if (*at == '=')
        size = MAX(1, rfc2047_word(at));
    if (scan->has_angle && !is_blank(*at))
        scan->flaws |= ADDRESS_MALFORMED;
    g_string_append_len(scan->phrase, at, (gssize)size);
    g_string_append_len(scan->spec, at, (gssize)size);
    return at + size;
}

static const char *step(Scan *scan, const char *at)
{
    switch (*at) {
    case '"': return read_quoted(scan, at);
    case '(': return read_comment(scan, at);
    case '<': return read_angle(scan, at);
    case ':':
        scan->flaws |= ADDRESS_GROUP;
        reset(scan);
        return at + 1;
    case ';': scan->flaws |= ADDRESS_GROUP; G_GNUC_FALLTHROUGH;
    case ',': finish(scan); return at + 1;
    default: return read_plain(scan, at);
    }
}

AddressFlaws address_scan(const char *raw, guint max, GPtrArray *out)
{
    Scan scan = {g_string_new(NULL),
                 g_string_new(NULL),
                 g_string_new(NULL),
                 g_string_new(NULL),
                 FALSE,
                 0,
                 max,
                 out};
    while (*raw && out->len < max)
        raw = step(&scan, raw);
    finish(&scan);
    g_string_free(scan.phrase, TRUE);
    g_string_free(scan.spec, TRUE);
    g_string_free(scan.comment, TRUE);
    g_string_free(scan.angle, TRUE);
    return scan.flaws;
}

void address_read(const char *raw, guint max, GPtrArray *out)
{
    address_scan(raw, max, out);
}

char *address_format(const Mailbox *mailbox)
{
    if (mailbox->name == NULL)
        return g_strdup(mailbox->address);
    if (*mailbox->address == '\0')
        return g_strdup(mailbox->name);
    return g_strdup_printf("%s <%s>", mailbox->name, mailbox->address);
}

void address_gather(const GPtrArray *mailboxes, GPtrArray *addresses)
{
    for (guint i = 0; i < mailboxes->len; i++)
        g_ptr_array_add(addresses, ((Mailbox *)mailboxes->pdata[i])->address);
}

gboolean address_among(const GPtrArray *mailboxes, const char *address)
{
    for (guint i = 0; i < mailboxes->len; i++)
        if (g_ascii_strcasecmp(((const Mailbox *)mailboxes->pdata[i])->address, address) == 0)
            return TRUE;
    return FALSE;
}
