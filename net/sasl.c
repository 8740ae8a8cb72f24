/* See sasl.h. */
#include "net/sasl.h"

#include <string.h>

#include "core/error.h"
#include "core/keytable.h"
#include "core/text.h"
#include "net/mechanism.h"

/* RFC 4422, 3.1: names are at most 20 letters long. Nobody offers this many. */
#define NAME_BYTES 20
#define MOST_OFFERS 32

static const char name_letters[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

static const Mechanism *const mechanisms[] = {
    &mechanism_login,
    &mechanism_plain,
    &mechanism_xoauth2,
    &mechanism_oauthbearer,
    &mechanism_cram_md5,
    &mechanism_scram_sha_1,
    &mechanism_scram_sha_256,
    &mechanism_gssapi,
    &mechanism_scram_sha_1_plus,
    &mechanism_scram_sha_256_plus,
};

Secret *answer_take(void *bytes, gsize size)
{
    Secret *answer = secret_new(bytes, size);
    secret_wipe(bytes, size);
    g_free(bytes);
    return answer;
}

/* ---- the choice ---- */

GPtrArray *sasl_offers_new(void)
{
    GPtrArray *offers = g_ptr_array_new_with_free_func(g_free);
    g_ptr_array_add(offers, NULL);
    return offers;
}

void sasl_offer(GPtrArray *offers, char **names)
{
    for (; *names; names++) {
        gsize length = strlen(*names);
        if (length > 0 && length <= NAME_BYTES && strspn(*names, name_letters) == length &&
            offers->len <= MOST_OFFERS)
            g_ptr_array_insert(offers, (gint)offers->len - 1, g_strdup(*names));
    }
}

static gboolean offers(const char *const *offered, const char *name)
{
    for (; *offered; offered++)
        if (g_ascii_strcasecmp(*offered, name) == 0)
            return TRUE;
    return FALSE;
}

gboolean sasl_offers_scram(const GPtrArray *list)
{
    for (guint i = 0; i < list->len; i++)
        if (list->pdata[i] && g_ascii_strncasecmp(list->pdata[i], "SCRAM-", strlen("SCRAM-")) == 0)
            return TRUE;
    return FALSE;
}

/* How strong a mechanism is, in the order of [company] min_auth; -1 for an unknown one. */
static int strength(const char *mechanism)
{
    return company_word(COMPANY_MIN_AUTH, mechanism);
}

static gboolean strong_enough(const Session *session, const char *mechanism)
{
    return session->min_auth == NULL || strength(mechanism) >= strength(session->min_auth);
}

/* RFC 5092 and 2384: "*" is any. */
static const char *demanded_by(const Session *session)
{
    return g_strcmp0(session->auth, "*") == 0 ? NULL : session->auth;
}

gboolean sasl_may_do_without(const Session *session)
{
    return demanded_by(session) == NULL && strong_enough(session, "LOGIN");
}

/* Does OFFERED hold a name that begins with PREFIX and ends in SUFFIX? */
static gboolean offers_like(const char *const *offered, const char *prefix, const char *suffix)
{
    for (; *offered; offered++) {
        g_autofree char *upper = g_ascii_strup(*offered, -1);
        if (g_str_has_prefix(upper, prefix) && g_str_has_suffix(upper, suffix))
            return TRUE;
    }
    return FALSE;
}

static gboolean binds(const char *mechanism)
{
    g_autofree char *upper = mechanism ? g_ascii_strup(mechanism, -1) : NULL;
    return upper && g_str_has_suffix(upper, "-PLUS");
}

/* SCRAM is offered, and the binding that is demanded could be done here, but nobody offers it. */
static gboolean looks_stripped(const Session *session, const char *const *offered,
                               gboolean can_bind)
{
    return can_bind && (binds(demanded_by(session)) || binds(session->min_auth)) &&
           offers_like(offered, "SCRAM-", "") && !offers_like(offered, "", "-PLUS");
}

static gboolean refuse_stripped(const Session *session, GError **error)
{
    const char *demanded = binds(session->min_auth) ? session->min_auth : demanded_by(session);
    g_autofree char *safe = text_field(demanded);
    return refuse(
        error, POSTERN_ERROR_PROTOCOL, "login.binding",
        "if the server never offered it, demand less in min_auth or ;AUTH=; else somebody "
        "on the way may be tampering: try another network",
        "%s offers SCRAM, but not to bind it to the connection, as %s demands: the offer "
        "may have been taken out on the way",
        session->host, safe);
}

static gboolean refuse_offer(const Session *session, const char *const *offered, GError **error)
{
    const char *demanded = demanded_by(session), *minimum = session->min_auth;
    g_autofree char *list = g_strjoinv(", ", (char **)offered);
    g_autofree char *cut = g_strndup(list, 200);
    g_autofree char *safe = text_field(cut);
    g_autofree char *wanted = text_field(demanded ? demanded : minimum ? minimum : "any");
    return refuse(error, POSTERN_ERROR_POLICY, "login.mechanism",
                  "ask the company for a server that offers it, or change ;AUTH= in the account",
                  "no login mechanism can be used that satisfies %s%s%s%s: %s offers %s", wanted,
                  demanded && minimum ? " (at least " : "", demanded && minimum ? minimum : "",
                  demanded && minimum ? ")" : "", session->host, *safe ? safe : "none");
}

static gboolean usable(const Mechanism *one, const Session *session, const char *const *offered,
                       gboolean can_bind)
{
    const char *demanded = demanded_by(session);
    gboolean named = demanded && g_ascii_strcasecmp(demanded, one->name) == 0;
    return (named || (demanded == NULL && !one->token)) && (can_bind || !one->bound) &&
           (session->relay || !one->relayed) && strong_enough(session, one->name) &&
           offers(offered, one->name);
}

gboolean sasl_begin(Exchange *exchange, const Session *session, const char *const *offered,
                    GBytes *binding, GError **error)
{
    const Mechanism *best = NULL;
    for (gsize i = 0; i < G_N_ELEMENTS(mechanisms); i++) {
        const Mechanism *one = mechanisms[i];
        if (usable(one, session, offered, binding != NULL) &&
            (best == NULL || strength(one->name) > strength(best->name)))
            best = one;
    }
    if (best == NULL)
        return looks_stripped(session, offered, binding != NULL)
                   ? refuse_stripped(session, error)
                   : refuse_offer(session, offered, error);
    exchange->session = session;
    exchange->mechanism = best;
    if (best->bound)
        exchange->binding = g_bytes_ref(binding);
    exchange->unoffered = binding && !offers_like(offered, "", "-PLUS");
    return TRUE;
}

/* ---- a binding that the server does not know ---- */

/* What libsasl2 says of a client that breaks a mechanism, and Cyrus IMAP 3.6 of tls-exporter. A
 * wrong password is an "authentication failure" there. */
static const char broken_rules[] = "bad protocol / cancel";

/* The first message names the kind of binding and holds no proof. */
static gboolean is_no_to_binding(const Exchange *exchange)
{
    return exchange->binding && (exchange->step <= 1 || exchange->unbindable);
}

gboolean sasl_begin_unbound(Exchange *exchange, const char *const *offered, const char *text)
{
    const Session *session = exchange->session;
    Exchange anew = {0};
    exchange->unbindable |= strstr(text, broken_rules) != NULL;
    if (!is_no_to_binding(exchange) || session->min_auth || demanded_by(session) ||
        !offers_like(offered, "SCRAM-SHA-", "") || !sasl_begin(&anew, session, offered, NULL, NULL))
        return FALSE;
    if (!anew.mechanism->proves) {
        exchange_clear(&anew);
        return FALSE;
    }
    exchange_clear(exchange);
    *exchange = anew;
    return TRUE;
}

gboolean sasl_binding_refused(const Exchange *exchange, GError **error)
{
    if (!is_no_to_binding(exchange))
        return FALSE;
    refuse(error, POSTERN_ERROR_PROTOCOL, "login.binding",
           "correct the login; if that is right, take ;AUTH= with the mechanism's name without "
           "-PLUS, which does not bind",
           "%s refuses %s, and not for its proof: it cannot bind a login to TLS 1.3 as RFC 9266 "
           "says, or does not know %s",
           exchange->session->host, exchange->mechanism->name, exchange->session->login);
    return TRUE;
}

/* ---- the exchange ---- */

void exchange_clear(Exchange *exchange)
{
    g_clear_pointer(&exchange->binding, g_bytes_unref);
    g_clear_pointer(&exchange->held, secret_free);
    g_clear_pointer(&exchange->refusal, g_free);
    if (exchange->state)
        exchange->state_free(exchange->state);
    exchange->state = NULL;
}

const char *sasl_name(const Exchange *exchange)
{
    return exchange->mechanism->name;
}

const char *sasl_refusal(const Exchange *exchange)
{
    return exchange->refusal ? exchange->refusal : "";
}

guint8 *base64_strict(const char *base64, gsize *size)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    gsize length = strlen(base64), plain = strspn(base64, digits);
    gsize signs = strspn(base64 + plain, "=");
    if (length % 4 != 0 || signs > 2 || plain + signs != length)
        return NULL;
    *size = 0;
    return length > 0 ? g_base64_decode(base64, size) : g_malloc0(1);
}

static Secret *no_answer(const Exchange *exchange, const char *what, GError **error)
{
    refuse(error, POSTERN_ERROR_PROTOCOL, "login.challenge", CHALLENGE_MEND, "%s %s",
           exchange->session->host, what);
    return NULL;
}

Secret *sasl_answer(Exchange *exchange, const char *challenge, GError **error)
{
    gsize size = 0;
    g_autofree guint8 *bytes = base64_strict(challenge, &size);
    if (bytes == NULL)
        return no_answer(exchange, "sent a login challenge that is not base64", error);
    if (exchange->held)
        return size == 0 ? g_steal_pointer(&exchange->held)
                         : no_answer(exchange, "asks before it has heard anything", error);
    if (exchange->step >= exchange->mechanism->most)
        return no_answer(exchange, "asks more than its login mechanism has answers for", error);
    g_autoptr(Secret) answer = exchange->mechanism->answer(exchange, bytes, size, error);
    if (answer == NULL)
        return NULL;
    exchange->step++;
    char *base64 = g_base64_encode(secret_bytes(answer), secret_size(answer));
    return answer_take(base64, strlen(base64));
}

gboolean sasl_first(Exchange *exchange, gsize room, Secret **first, GError **error)
{
    *first = NULL;
    if (!exchange->mechanism->client_first)
        return TRUE;
    g_autoptr(Secret) answer = sasl_answer(exchange, "", error);
    if (answer == NULL)
        return FALSE;
    *(secret_size(answer) <= room ? first : &exchange->held) = g_steal_pointer(&answer);
    return TRUE;
}

gboolean sasl_finish(const Exchange *exchange, GError **error)
{
    const Mechanism *mechanism = exchange->mechanism;
    if (exchange->step == mechanism->answers && exchange->held == NULL)
        return TRUE;
    if (mechanism->proves)
        return refuse(error, POSTERN_ERROR_PROTOCOL, "login.unproven",
                      "this may be another server than the company's: tell those who run it",
                      "%s accepted the login before it proved that it knows the %s",
                      exchange->session->host, mechanism->relayed ? "key of Kerberos" : "password");
    return refuse(error, POSTERN_ERROR_PROTOCOL, "login.challenge", CHALLENGE_MEND,
                  exchange->step > mechanism->answers
                      ? "%s accepted the login after it had rejected it"
                      : "%s accepted the login before it had seen it",
                  exchange->session->host);
}
