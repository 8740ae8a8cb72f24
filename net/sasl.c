/* See sasl.h. */
#include "net/sasl.h"

#include <string.h>

#include "core/error.h"
#include "core/keytable.h"
#include "core/text.h"

/* RFC 4422, 3.1: names are at most 20 letters long. Nobody offers this many. */
#define NAME_BYTES 20
#define MOST_OFFERS 32

static const char name_letters[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/* A secret of SIZE bytes from plain memory, which is wiped and freed. */
static Secret *secret_take(void *bytes, gsize size)
{
    Secret *secret = secret_new(bytes, size);
    secret_wipe(bytes, size);
    g_free(bytes);
    return secret;
}

static gboolean sendable(const Session *session, GError **error)
{
    if (memchr(secret_bytes(session->secret), '\0', secret_size(session->secret)))
        return refuse(error, POSTERN_ERROR_INPUT, "send.value", "set the password again",
                      "the password holds a NUL byte");
    return TRUE;
}

/* RFC 4616: NUL login NUL password. */
static Secret *plain_answer(const Session *session, guint step, const guint8 *challenge, gsize size,
                            GError **error)
{
    (void)step;
    (void)challenge;
    (void)size;
    if (!sendable(session, error))
        return NULL;
    gsize login = strlen(session->login), password = secret_size(session->secret);
    gsize whole = login + password + 2;
    guint8 *message = g_malloc0(whole);
    memcpy(message + 1, session->login, login);
    memcpy(message + 1 + login + 1, secret_bytes(session->secret), password);
    return secret_take(message, whole);
}

static Secret *login_answer(const Session *session, guint step, const guint8 *challenge, gsize size,
                            GError **error)
{
    (void)challenge;
    (void)size;
    if (!sendable(session, error))
        return NULL;
    return step == 0 ? secret_new(session->login, strlen(session->login))
                     : secret_copy(session->secret);
}

static const Mechanism mechanisms[] = {
    {"PLAIN", TRUE, 1, plain_answer},
    {"LOGIN", FALSE, 2, login_answer},
};

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

static void refuse_offer(const Session *session, const char *const *offered, GError **error)
{
    const char *demanded = demanded_by(session), *minimum = session->min_auth;
    g_autofree char *list = g_strjoinv(", ", (char **)offered);
    g_autofree char *cut = g_strndup(list, 200);
    g_autofree char *safe = text_field(cut);
    g_autofree char *wanted = text_field(demanded  ? demanded
                                         : minimum ? minimum
                                                   : "PLAIN or LOGIN");
    refuse(error, POSTERN_ERROR_POLICY, "login.mechanism",
           "ask the company for a server that offers it, or change ;AUTH= in the account",
           "no login mechanism can be used that satisfies %s: Postern knows PLAIN and LOGIN, %s "
           "offers %s",
           wanted, session->host, *safe ? safe : "none");
}

const Mechanism *sasl_choose(const Session *session, const char *const *offered, GError **error)
{
    const Mechanism *best = NULL;
    const char *demanded = demanded_by(session);
    for (gsize i = 0; i < G_N_ELEMENTS(mechanisms); i++) {
        const Mechanism *one = &mechanisms[i];
        if ((demanded && g_ascii_strcasecmp(demanded, one->name) != 0) ||
            !strong_enough(session, one->name) || !offers(offered, one->name))
            continue;
        if (best == NULL || strength(one->name) > strength(best->name))
            best = one;
    }
    if (best == NULL)
        refuse_offer(session, offered, error);
    return best;
}

/* The bytes of strict base64, NULL for anything else. */
static guint8 *decode(const char *base64, gsize *size)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    gsize length = strlen(base64), plain = strspn(base64, digits);
    gsize signs = strspn(base64 + plain, "=");
    if (length % 4 != 0 || signs > 2 || plain + signs != length)
        return NULL;
    return length > 0 ? g_base64_decode(base64, size) : g_malloc0(1);
}

Secret *sasl_answer(Exchange *exchange, const char *challenge, GError **error)
{
    const char *host = exchange->session->host;
    gsize size = 0;
    g_autofree guint8 *bytes = decode(challenge, &size);
    if (bytes == NULL || exchange->step >= exchange->mechanism->answers) {
        refuse(error, POSTERN_ERROR_PROTOCOL, "login.challenge", NULL,
               bytes ? "%s asks more than its login mechanism has answers for"
                     : "%s sent a login challenge that is not base64",
               host);
        return NULL;
    }
    g_autoptr(Secret) answer =
        exchange->mechanism->answer(exchange->session, exchange->step++, bytes, size, error);
    if (answer == NULL)
        return NULL;
    char *base64 = g_base64_encode(secret_bytes(answer), secret_size(answer));
    return secret_take(base64, strlen(base64));
}

gboolean sasl_finish(const Exchange *exchange, GError **error)
{
    if (exchange->step < exchange->mechanism->answers)
        return refuse(error, POSTERN_ERROR_PROTOCOL, "login.challenge", NULL,
                      "%s accepted the login before it had seen it", exchange->session->host);
    return TRUE;
}
