/*
 * See endpoint.h. The URI parser is our own and admits only what it knows: GUri decodes and
 * normalises, and each of its kindnesses is one more spelling of a server that somebody has to
 * think of. What stands before an '@' is never quoted in a message: it may hold a password.
 */
#include "policy/endpoint.h"

#include <string.h>

#include "core/error.h"
#include "core/keytable.h"
#include "core/limits.h"
#include "core/text.h"
#include "policy/company.h"
#include "policy/domain.h"
#include "policy/tunnel.h"

struct VettedEndpoint {
    Scheme scheme;
    char *host;
    char *login;
    char *auth;
    char *mailbox;
};

/* The mechanism that needs no password, but a Kerberos ticket (RFC 4752). */
#define TICKET "GSSAPI"

static const struct {
    const char *name;
    const char *port;
    guint16 number;
} schemes[] = {
    [SCHEME_IMAPS] = {"imaps", "993", 993},
    [SCHEME_POPS] = {"pops", "995", 995},
    [SCHEME_SMTPS] = {"smtps", "465", 465},
    [SCHEME_SUBMISSION] = {"submission", "587", 587},
};

static gboolean no(GError **error, const char *rule, const char *mend, const char *format, ...)
    G_GNUC_PRINTF(4, 5);

static gboolean no(GError **error, const char *rule, const char *mend, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_autofree char *why = g_strdup_vprintf(format, args);
    va_end(args);
    return refuse(error, POSTERN_ERROR_POLICY, rule, mend, "%s", why);
}

/* Somebody's scheme without TLS, or a misspelling: what did they want? */
static gboolean refuse_scheme(const char *scheme, GError **error)
{
    g_autofree char *whole = text_name(scheme);
    g_autofree char *shown = text_fit(whole, 20);
    const char *mend = "write imaps://, pops://, smtps:// or submission://";
    if (g_ascii_strncasecmp(scheme, "imap", 4) == 0)
        mend = "write imaps:// (TLS from the first byte, port 993)";
    else if (g_ascii_strncasecmp(scheme, "pop", 3) == 0)
        mend = "write pops:// (TLS from the first byte, port 995)";
    else if (g_ascii_strncasecmp(scheme, "smtp", 4) == 0)
        mend = "write smtps:// (port 465) or submission:// (port 587)";
    return no(error, "transport.scheme", mend, "scheme %s:// is refused", shown);
}

/* Sets *scheme and returns what follows "://", or NULL. */
static const char *take_scheme(const char *uri, Scheme *scheme, GError **error)
{
    const char *mark = strstr(uri, "://");
    if (mark == NULL) {
        no(error, "server.uri", "write it like imaps://john@mail.corp.example/",
           "a server must be given as a URI");
        return NULL;
    }
    g_autofree char *name = g_strndup(uri, (gsize)(mark - uri));
    for (guint i = 0; i < G_N_ELEMENTS(schemes); i++)
        if (g_ascii_strcasecmp(name, schemes[i].name) == 0) {
            *scheme = (Scheme)i;
            return mark + 3;
        }
    refuse_scheme(name, error);
    return NULL;
}

/* "%40" and the like become bytes; NULL for a broken escape, a control or bad UTF-8. */
static char *decoded(const char *text)
{
    g_autofree char *plain = g_uri_unescape_string(text, NULL);
    if (plain == NULL || *plain == '\0' || !g_utf8_validate(plain, -1, NULL))
        return NULL;
    for (const char *at = plain; *at; at = g_utf8_next_char(at))
        if (g_unichar_iscntrl(g_utf8_get_char(at)))
            return NULL;
    return g_steal_pointer(&plain);
}

static gboolean is_mechanism(const char *name)
{
    return strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_") == strlen(name) &&
           *name != '\0' && strlen(name) <= 20;
}

/* "john;AUTH=SCRAM-SHA-256" */
static gboolean take_login(VettedEndpoint *endpoint, const char *userinfo, GError **error)
{
    g_auto(GStrv) parts = g_strsplit(userinfo, ";", 2);
    endpoint->login = *parts ? decoded(parts[0]) : NULL;
    if (endpoint->login == NULL || strlen(endpoint->login) > LIMIT_ADDRESS)
        return no(error, "server.login",
                  "put the login before the host, @ in it as %40: imaps://john@mail.corp.example/",
                  "the URI for %s has no usable login", endpoint->host);
    if (parts[1] == NULL)
        return TRUE;
    g_autofree char *parameter = g_ascii_strup(parts[1], -1);
    const char *mechanism = parameter + strlen("AUTH=");
    if (!g_str_has_prefix(parameter, "AUTH=") ||
        (!g_str_equal(mechanism, "*") && !is_mechanism(mechanism))) {
        g_autofree char *whole = text_name(parts[1]);
        g_autofree char *shown = text_fit(whole, 30);
        return no(error, "server.login", "write john;AUTH=SCRAM-SHA-256@HOST, or leave ;AUTH= out",
                  "\";%s\" in the login is no mechanism", shown);
    }
    if (!g_str_equal(mechanism, "*") && company_word(COMPANY_MIN_AUTH, mechanism) < 0)
        return no(error, "server.login", "take one that min_auth in postern.conf(5) names",
                  "login mechanism %s is not known here", mechanism);
    if (!g_str_equal(mechanism, "*"))
        endpoint->auth = g_strdup(mechanism);
    return TRUE;
}

/* 127.1, 0x7f000001, 2130706433 and [::1] all name an address: the last label tells. */
static gboolean is_literal(const char *host)
{
    if (*host == '[')
        return TRUE;
    gsize length = strlen(host);
    g_autofree char *bare = g_strndup(host, length - g_str_has_suffix(host, "."));
    const char *dot = strrchr(bare, '.');
    const char *last = dot ? dot + 1 : bare;
    if (g_ascii_strncasecmp(last, "0x", 2) == 0)
        return last[2 + strspn(last + 2, "0123456789abcdefABCDEF")] == '\0';
    return *last != '\0' && last[strspn(last, "0123456789")] == '\0';
}

static gboolean take_host(VettedEndpoint *endpoint, const char *host, const Company *company,
                          GError **error)
{
    g_autofree char *shown = text_name(host);
    if (is_literal(host))
        return no(error, "server.literal", "write the server's name as its certificate has it",
                  "server %s is an address, not a name", shown);
    endpoint->host = domain_ascii(host);
    if (endpoint->host == NULL)
        return no(error, "server.uri", "write the server's name like mail.corp.example",
                  "\"%s\" is not a host name", shown);
    if (freemail_domain(endpoint->host))
        return no(error, "server.freemail", "use the company's own mail server",
                  "server %s belongs to a freemail provider", endpoint->host);
    g_autofree char *domains = g_strjoinv(", ", company->domains);
    g_autofree char *list = text_field(domains);
    if (!company_owns(company, endpoint->host))
        return no(error, "server.company",
                  "use a server under one of these, or correct [company] domains",
                  "server %s lies under none of the company's domains (%s)", endpoint->host, list);
    return TRUE;
}

/* HOST is cut at its port, which must be the scheme's own. */
static gboolean take_port(Scheme scheme, char *host, GError **error)
{
    char *bracket = *host == '[' ? strchr(host, ']') : NULL;
    char *colon = strchr(bracket ? bracket : host, ':');
    if (colon == NULL)
        return TRUE;
    *colon = '\0';
    if (g_str_equal(colon + 1, schemes[scheme].port))
        return TRUE;
    g_autofree char *whole = text_name(colon + 1);
    g_autofree char *shown = text_fit(whole, 20);
    g_autofree char *mend =
        g_strdup_printf("leave the port out, or write %s", schemes[scheme].port);
    return no(error, "transport.port", mend, "port \"%s\" is refused for %s", shown,
              schemes[scheme].name);
}

/* AUTHORITY is what stands between "://" and the path: userinfo, '@', host, port. */
static gboolean take_authority(VettedEndpoint *endpoint, char *authority, const Company *company,
                               GError **error)
{
    char *at = strchr(authority, '@');
    char *host = at ? at + 1 : authority;
    if (at)
        *at = '\0';
    return take_port(endpoint->scheme, host, error) && take_host(endpoint, host, company, error) &&
           take_login(endpoint, at ? authority : "", error);
}

/* RFC 5092: "/" and the name of a mailbox; single messages, searches and parts are not fetched. */
static gboolean take_path(VettedEndpoint *endpoint, const char *path, GError **error)
{
    if (*path == '\0' || g_str_equal(path, "/"))
        return TRUE;
    if (endpoint->scheme != SCHEME_IMAPS || *path != '/' || strpbrk(path, ";?#"))
        return no(
            error, "server.uri",
            "end the URI after the host; for imaps:// it may name one mailbox, /INBOX say, and "
            "several are for folders =",
            "the URI has a path, query or fragment");
    endpoint->mailbox = decoded(path + 1);
    if (endpoint->mailbox == NULL || strlen(endpoint->mailbox) > LIMIT_MAILBOX_NAME ||
        g_str_has_prefix(endpoint->mailbox, "/") || g_str_has_suffix(endpoint->mailbox, "/"))
        return no(error, "server.uri", "write it like imaps://john@mail.corp.example/INBOX",
                  "what the URI has behind the host names no mailbox");
    return TRUE;
}

/* REST is what follows "://". What could hide a password is refused before anything is quoted. */
static gboolean take_rest(VettedEndpoint *endpoint, const char *rest, const Company *company,
                          GError **error)
{
    const char *at = strrchr(rest, '@');
    const char *colon = strchr(rest, ':');
    if (at && colon && colon < at)
        return no(error, "server.login", "take the password out and use secret = …",
                  "the URI holds a password");
    if (at && at != strchr(rest, '@'))
        return no(error, "server.uri", "write an @ in the login as %40",
                  "the URI has more than one @");
    gsize length = strcspn(rest, "/?#");
    if (at && at > rest + length)
        return no(error, "server.uri", "write / ? # in the login as %2F %3F %23",
                  "the URI has an @ behind the host");
    g_autofree char *authority = g_strndup(rest, length);
    return take_authority(endpoint, authority, company, error) &&
           take_path(endpoint, rest + length, error);
}

VettedEndpoint *endpoint_vet(const char *uri, const Company *company, GError **error)
{
    g_autoptr(VettedEndpoint) endpoint = g_new0(VettedEndpoint, 1);
    if (!company_check(company, error))
        return NULL;
    const char *rest = take_scheme(uri, &endpoint->scheme, error);
    if (rest == NULL || !take_rest(endpoint, rest, company, error))
        return NULL;
    if (endpoint->auth == NULL && g_strcmp0(company->min_auth, TICKET) == 0)
        endpoint->auth = g_strdup(TICKET);
    return g_steal_pointer(&endpoint);
}

VettedEndpoint *endpoint_of(const Account *account, const char *uri, const Company *company,
                            GError **error)
{
    g_autoptr(VettedEndpoint) endpoint = endpoint_vet(uri, company, error);
    if (endpoint == NULL || (account->tunnel && !tunnel_check(account, company, error)))
        return NULL;
    return g_steal_pointer(&endpoint);
}

void endpoint_free(VettedEndpoint *endpoint)
{
    if (endpoint == NULL)
        return;
    g_free(endpoint->host);
    g_free(endpoint->login);
    g_free(endpoint->auth);
    g_free(endpoint->mailbox);
    g_free(endpoint);
}

Scheme endpoint_scheme(const VettedEndpoint *endpoint)
{
    return endpoint->scheme;
}

gboolean endpoint_fits(const VettedEndpoint *endpoint, gboolean submits, GError **error)
{
    Scheme scheme = endpoint_scheme(endpoint);
    gboolean sends = scheme == SCHEME_SMTPS || scheme == SCHEME_SUBMISSION;
    if (sends == submits)
        return TRUE;
    return no(error, "transport.scheme",
              submits ? "use smtps:// or submission:// for submit"
                      : "use imaps:// or pops:// for fetch",
              "%s:// does not %s mail", scheme_name(scheme), submits ? "send" : "fetch");
}

const char *endpoint_host(const VettedEndpoint *endpoint)
{
    return endpoint->host;
}

guint16 endpoint_port(const VettedEndpoint *endpoint)
{
    return schemes[endpoint->scheme].number;
}

const char *endpoint_login(const VettedEndpoint *endpoint)
{
    return endpoint->login;
}

const char *endpoint_auth(const VettedEndpoint *endpoint)
{
    return endpoint->auth;
}

const char *endpoint_mailbox(const VettedEndpoint *endpoint)
{
    return endpoint->mailbox;
}

gboolean endpoint_by_ticket(const VettedEndpoint *endpoint)
{
    return g_strcmp0(endpoint->auth, TICKET) == 0;
}

const char *scheme_port(Scheme scheme)
{
    return schemes[scheme].port;
}

const char *scheme_name(Scheme scheme)
{
    return schemes[scheme].name;
}
