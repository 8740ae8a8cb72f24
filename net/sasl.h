/*
 * sasl — login mechanisms, one descriptor each; which one is used is decided here and never by
 * a library. An exchange makes answers to challenges; carrying them is the protocols' business.
 *
 * Errors: 78 "login.mechanism" when no offered mechanism may be used (nothing has been sent
 * then); 76 "login.challenge" for challenges the mechanism does not know and for a yes that
 * comes too early; 65 "send.value" for a login or password that cannot be sent.
 */
#pragma once

#include "net/session.h"

typedef struct {
    const char *name;
    gboolean client_first; /* the first answer may travel with the command (RFC 4422, 3) */
    guint answers;         /* how many there are; one challenge more is a violation */
    /* Answer number STEP, from 0, to a challenge of SIZE bytes. */
    Secret *(*answer)(const Session *session, guint step, const guint8 *challenge, gsize size,
                      GError **error);
} Mechanism;

/* The names of mechanisms that a server offers: char *, always NULL-terminated. */
GPtrArray *sasl_offers_new(void);

/* Adds NAMES as heard; what cannot be a name (RFC 4422, 3.1) and what is too many is left out. */
void sasl_offer(GPtrArray *offers, char **names);

/* The strongest among OFFERED (names as the server sent them) that is known here and that
 * session->auth, when set, demands, and that is not weaker than session->min_auth. */
const Mechanism *sasl_choose(const Session *session, const char *const *offered,
                             GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* May the protocol's own command carry the password, where no mechanism could be chosen? It is
 * worth as much as LOGIN. */
gboolean sasl_may_do_without(const Session *session);

typedef struct {
    const Session *session;
    const Mechanism *mechanism;
    guint step;
} Exchange;

/* The next answer, in base64, to CHALLENGE (base64 as the server sent it, "" for none). */
Secret *sasl_answer(Exchange *exchange, const char *challenge,
                    GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The server says yes; a yes before the mechanism is through is refused. */
gboolean sasl_finish(const Exchange *exchange, GError **error) G_GNUC_WARN_UNUSED_RESULT;
