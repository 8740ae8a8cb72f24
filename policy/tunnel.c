/* See tunnel.h. */
#include "policy/tunnel.h"

#include <string.h>

#include "core/error.h"
#include "core/text.h"

static gboolean no(const Account *account, const char *mend, const char *why, GError **error)
{
    g_autofree char *name = text_name(account->name);
    return refuse(error, POSTERN_ERROR_POLICY, "config.tunnel", mend, "the tunnel of account %s %s",
                  name, why);
}

static gboolean is_set(char *const *list)
{
    return list && *list;
}

/* Is %LETTER in TEXT, pairs of signs read from the left? */
static gboolean names(const char *text, char letter)
{
    for (const char *at = strchr(text, '%'); at && at[1]; at = strchr(at + 2, '%'))
        if (at[1] == letter)
            return TRUE;
    return FALSE;
}

gboolean tunnel_wants_address(const Account *account)
{
    return names(account->tunnel, 'a');
}

/* The first % that stands for nothing; NULL when there is none. */
static const char *unknown_letter(const char *text)
{
    for (const char *at = strchr(text, '%'); at; at = strchr(at + 2, '%'))
        if (at[1] == '\0' || strchr("hap%", at[1]) == NULL)
            return at;
    return NULL;
}

static gboolean no_letter(const Account *account, const char *at, GError **error)
{
    const char *end = at[1] ? g_utf8_find_next_char(at + 1, NULL) : at + 1;
    g_autofree char *letter = g_strndup(at, (gsize)(end - at));
    g_autofree char *shown = text_name(letter);
    g_autofree char *why = g_strdup_printf("holds \"%s\", which stands for nothing", shown);
    return no(account, "use %h, %a, %p, and %% for a percent sign", why, error);
}

gboolean tunnel_check(const Account *account, const Company *company, GError **error)
{
    const char *unknown = unknown_letter(account->tunnel);
    if (unknown)
        return no_letter(account, unknown, error);
    if (company->tunnel)
        return TRUE;
    if (is_set(company->offices))
        return no(account, "let the policy say 'tunnel = yes' in [company]",
                  "leads out of the offices, where nobody can see from where", error);
    if (is_set(company->networks) && !tunnel_wants_address(account))
        return no(account, "write %a for the server's address, which is checked",
                  "lets its other end look the server up, while networks are set", error);
    return TRUE;
}

typedef struct {
    const char *host, *port;
    char *address; /* or NULL */
    gboolean six;
} Places;

/* What %LETTER stands for, when NEXT follows it; NULL for an unknown one. */
static char *expand(const Places *places, char letter, char next)
{
    switch (letter) {
    case '%': return g_strdup("%");
    case 'h': return g_strdup(places->host);
    case 'p': return g_strdup(places->port);
    case 'a':
        if (places->address && places->six && next == ':')
            return g_strdup_printf("[%s]", places->address);
        return g_strdup(places->address);
    default: return NULL;
    }
}

static char *expand_word(const Places *places, const char *word)
{
    g_autoptr(GString) out = g_string_new(NULL);
    for (const char *at = word; *at; at++) {
        if (*at != '%') {
            g_string_append_c(out, *at);
            continue;
        }
        at++;
        g_autofree char *value = *at ? expand(places, *at, at[1]) : NULL;
        if (value == NULL)
            return NULL;
        g_string_append(out, value);
    }
    return g_string_free(g_steal_pointer(&out), FALSE);
}

GStrv tunnel_words(const Account *account, const VettedEndpoint *endpoint, GInetAddress *address,
                   GError **error)
{
    g_auto(GStrv) words = NULL;
    if (!g_shell_parse_argv(account->tunnel, NULL, &words, NULL)) {
        no(account, "write a command with its quotes closed", "is no command", error);
        return NULL;
    }
    g_autofree char *text = address ? g_inet_address_to_string(address) : NULL;
    const Places places = {
        .host = endpoint_host(endpoint),
        .port = scheme_port(endpoint_scheme(endpoint)),
        .address = text,
        .six = address && g_inet_address_get_family(address) == G_SOCKET_FAMILY_IPV6,
    };
    for (char **word = words; *word; word++) {
        char *expanded = expand_word(&places, *word);
        if (expanded == NULL) {
            const char *unknown = unknown_letter(*word);
            no_letter(account, unknown ? unknown : "%a", error); /* %a and no address */
            return NULL;
        }
        g_free(*word);
        *word = expanded;
    }
    return g_steal_pointer(&words);
}
