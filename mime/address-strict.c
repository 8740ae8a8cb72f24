/* The strict reading of addresses that mail is sent to; see compose.h. */
#include <string.h>

#include "core/error.h"
#include "core/limits.h"
#include "core/text.h"
#include "mime/address.h"
#include "mime/compose.h"

#include <idn2.h> /* after glib.h, whose G_GNUC_DEPRECATED it would define */

#define LOCAL_MAX 64   /* RFC 5321, 4.5.3.1.1 */
#define DOMAIN_MAX 255 /* and 4.5.3.1.2 */
#define RULE "send.address"

static gboolean reject(GError **error, const char *value, const char *why, const char *mend)
{
    g_autofree char *cut = g_utf8_validate(value, -1, NULL) && g_utf8_strlen(value, -1) > 100
                               ? g_utf8_substring(value, 0, 100)
                               : g_strdup(value);
    g_autofree char *safe = text_name(cut);
    return refuse(error, POSTERN_ERROR_INPUT, RULE, mend, "the address “%s” %s", safe, why);
}

static gboolean is_word(const char *text, gsize size)
{
    char before = '.';
    for (gsize i = 0; i < size; i++) {
        if ((guchar)text[i] < 0x80 && !g_ascii_isalnum(text[i]) &&
            strchr("!#$%&'*+-/=?^_`{|}~.", text[i]) == NULL)
            return FALSE;
        if (text[i] == '.' && before == '.')
            return FALSE;
        before = text[i];
    }
    return before != '.';
}

/* RFC 6531 allows more than what people can tell apart. */
static gboolean check_letters(const char *address, const char *local, GError **error)
{
    for (const char *at = local; *at; at = g_utf8_next_char(at)) {
        gunichar c = g_utf8_get_char(at);
        if (c >= 0x80 && !g_unichar_isalnum(c) && !g_unichar_ismark(c))
            return reject(error, address, "has a character before the @ that is no letter",
                          "write the true address");
    }
    g_auto(GStrv) labels = g_strsplit(local, ".", -1);
    for (char **label = labels; *label; label++)
        if (!text_one_script(*label))
            return reject(error, address, "mixes letters of several scripts before the @",
                          "ask for an address in ASCII; this one may not be whose it seems");
    return TRUE;
}

static gboolean check_local(const char *address, const char *local, GError **error)
{
    gsize size = strlen(local);
    if (!check_letters(address, local, error))
        return FALSE;
    if (size == 0)
        return reject(error, address, "has nothing before the @", "write local@domain");
    if (size > LOCAL_MAX)
        return reject(error, address, "has more than 64 bytes before the @",
                      "write the true address");
    if (strpbrk(local, "\"@\\") != NULL)
        return reject(error, address, "has a quoted or doubled part before the @",
                      "write it without quotes; what policy checks must be what servers see");
    if (strpbrk(local, "%!") != NULL)
        return reject(error, address, "carries a route (% or !) before the @",
                      "write the final address; servers may forward a routed one elsewhere");
    return is_word(local, size) ||
           reject(error, address, "is not written as RFC 5322 wants", "write local@domain");
}

static gboolean is_domain(const char *domain)
{
    gsize size = strlen(domain);
    if (size == 0 || size > DOMAIN_MAX)
        return FALSE;
    g_auto(GStrv) labels = g_strsplit(domain, ".", -1);
    for (char **label = labels; *label; label++) {
        gsize length = strlen(*label);
        if (length == 0 || length > 63 || (*label)[0] == '-' || (*label)[length - 1] == '-')
            return FALSE;
        for (const char *at = *label; *at; at++)
            if (!g_ascii_isalnum(*at) && *at != '-')
                return FALSE;
    }
    return TRUE;
}

/* The domain in A-labels and lower case. */
static char *check_domain(const char *address, const char *domain, GError **error)
{
    if (*domain == '[') {
        reject(error, address, "names a machine by its number", "write the domain's name");
        return NULL;
    }
    char *ascii = NULL;
    int status = idn2_to_ascii_8z(domain, &ascii, IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL);
    g_autofree char *lower = status == IDN2_OK ? g_ascii_strdown(ascii, -1) : NULL;
    idn2_free(ascii);
    if (lower == NULL || !is_domain(lower)) {
        reject(error, address, "has no valid domain after the @", "write local@domain");
        return NULL;
    }
    return g_steal_pointer(&lower);
}

static gboolean check_mailbox(Mailbox *mailbox, GError **error)
{
    const char *address = mailbox->address;
    const char *at = strrchr(address, '@');
    if (at == NULL)
        return reject(error, *address ? address : mailbox->name, "has no @", "write local@domain");
    g_autofree char *written = g_strndup(address, (gsize)(at - address));
    g_autofree char *local = g_utf8_normalize(written, -1, G_NORMALIZE_NFC); /* RFC 6532, 3.1 */
    if (!check_local(address, local, error))
        return FALSE;
    g_autofree char *domain = check_domain(address, at + 1, error);
    if (domain == NULL)
        return FALSE;
    g_autofree char *whole = g_strconcat(local, "@", domain, NULL);
    if (strlen(whole) > LIMIT_ADDRESS)
        return reject(error, address, "is longer than 320 bytes", "write the true address");
    g_free(mailbox->address);
    mailbox->address = g_steal_pointer(&whole);
    return TRUE;
}

static gboolean check_text(const char *text, GError **error)
{
    if (!g_utf8_validate(text, -1, NULL))
        return reject(error, text, "is not valid UTF-8", "write it in UTF-8");
    for (const char *at = text; *at; at++)
        if (((guchar)*at < ' ' && *at != '\t') || *at == 127)
            return reject(error, text, "holds a line end or another control character",
                          "write one address list on one line");
    return TRUE;
}

static gboolean check_flaws(const char *text, AddressFlaws flaws, GError **error)
{
    if (flaws & ADDRESS_ROUTE)
        return reject(error, text, "holds a source route", "write the final address alone");
    if (flaws & ADDRESS_GROUP)
        return reject(error, text, "holds a group (: or ;)", "part addresses by commas");
    if (flaws & ADDRESS_MALFORMED)
        return reject(error, text, "is not an address list",
                      "write Name <local@domain>, with quotes around odd names");
    return TRUE;
}

GPtrArray *address_parse_list(const char *text, GError **error)
{
    g_autoptr(GPtrArray) list = g_ptr_array_new_with_free_func(address_destroy);
    if (!check_text(text, error))
        return NULL;
    AddressFlaws flaws = address_scan(text, LIMIT_RECIPIENTS + 1, list);
    if (!check_flaws(text, flaws, error))
        return NULL;
    if (list->len == 0) {
        reject(error, text, "is empty", "write local@domain");
        return NULL;
    }
    if (list->len > LIMIT_RECIPIENTS) {
        reject(error, text, "is one of more than 1000", "send in several letters");
        return NULL;
    }
    for (guint i = 0; i < list->len; i++)
        if (!check_mailbox(g_ptr_array_index(list, i), error))
            return NULL;
    return g_steal_pointer(&list);
}

Mailbox *address_parse(const char *text, GError **error)
{
    g_autoptr(GPtrArray) list = address_parse_list(text, error);
    if (list == NULL)
        return NULL;
    if (list->len > 1) {
        reject(error, text, "is more than one", "write a single address here");
        return NULL;
    }
    return g_ptr_array_steal_index(list, 0);
}
