/*
 * sasl — login mechanisms, one descriptor each; which one is used is decided here and never by
 * a library. An exchange makes answers to challenges; carrying them is the protocols' business.
 *
 * Errors: 78 "login.mechanism" when no offered mechanism may be used (nothing has been sent
 * then); 76 "login.challenge" for challenges the mechanism does not know and for a yes that
 * comes too early; 76 "login.binding" when a binding that is demanded is not offered (nothing has
 * been sent), or the server says that its offer of one was lost; of SCRAM also 76 "login.unproven"
 * (the server did not show that it knows the password), "login.iterations", 77 "login.refused" and
 * 75 "server.busy"; 65 "send.value" for a login, password or token that cannot be sent.
 */
#pragma once

#include "net/session.h"

/* What to do about a login that a server does not do as its mechanism says. */
#define CHALLENGE_MEND "tell the people who run the server, or take another ;AUTH="

typedef struct Mechanism Mechanism;

/* The names of mechanisms that a server offers: char *, always NULL-terminated. */
GPtrArray *sasl_offers_new(void);

/* Adds NAMES as heard; what cannot be a name (RFC 4422, 3.1) and what is too many is left out. */
void sasl_offer(GPtrArray *offers, char **names);

/* Is a mechanism among OFFERS by which the server proves itself too? */
gboolean sasl_offers_scram(const GPtrArray *offers);

/* One login. All zero is a good beginning; exchange_clear() is a good end. */
typedef struct {
    const Session *session; /* the caller's */
    const Mechanism *mechanism;
    GBytes *binding;     /* of the mechanisms that end in -PLUS */
    gboolean unoffered;  /* we could bind, and the server offered no -PLUS */
    gboolean unbindable; /* the server says that it does not know our kind of binding */
    guint step;
    Secret *held;  /* the first answer, where the command had no room */
    char *refusal; /* why the server will not have the token, as sasl_refusal() tells it; or NULL */
    gpointer state;
    GDestroyNotify state_free;
} Exchange;
void exchange_clear(Exchange *exchange);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Exchange, exchange_clear)

/*
 * Chooses the strongest among OFFERED (names as the server sent them) that is known here, that
 * session->auth, when set, demands, and that is not weaker than session->min_auth. A mechanism
 * that carries a token or ticket is taken only when session->auth names it: no token is ever sent
 * as a password, nor a password as a token; GSSAPI only with session->relay. BINDING is
 * channel_binding(), NULL where there is none.
 */
gboolean sasl_begin(Exchange *exchange, const Session *session, const char *const *offered,
                    GBytes *binding, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* May the protocol's own command carry the password, where no mechanism could be chosen? It is
 * worth as much as LOGIN. */
gboolean sasl_may_do_without(const Session *session);

/*
 * The server said no, in TEXT. When that was to the binding, before it heard any proof or in words
 * that cannot be about the password, and neither min_auth nor ;AUTH= is set, EXCHANGE begins anew
 * by a SCRAM of OFFERED that does not bind: many servers know tls-unique alone, which TLS 1.3 has
 * not (RFC 9266). With a minimum somebody on the way could so take out an offer unseen; without one
 * he need not.
 */
gboolean sasl_begin_unbound(Exchange *exchange, const char *const *offered, const char *text);

/* After that: TRUE with *error, 76 "login.binding", when it was to the binding, and thus
 * says nothing of the password. */
gboolean sasl_binding_refused(const Exchange *exchange, GError **error);

const char *sasl_name(const Exchange *exchange);

/* What a server that refuses a token said about it: the rest of a sentence, ": the token …"; ""
 * when it said nothing that is known. */
const char *sasl_refusal(const Exchange *exchange);

/*
 * Sets *first to the answer that travels with the command, in base64, or to NULL when the server
 * speaks first or the answer takes more than ROOM bytes; the server then asks for it.
 */
gboolean sasl_first(Exchange *exchange, gsize room, Secret **first,
                    GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The next answer, in base64, to CHALLENGE (base64 as the server sent it, "" for none). */
Secret *sasl_answer(Exchange *exchange, const char *challenge,
                    GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The server says yes; a yes before the mechanism is through is refused. */
gboolean sasl_finish(const Exchange *exchange, GError **error) G_GNUC_WARN_UNUSED_RESULT;
