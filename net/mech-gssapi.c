/*
 * GSSAPI (RFC 4752), which is Kerberos. Nothing is parsed here: tokens pass between the server and
 * another process (fetchd/gss.h), base64 and their number apart.
 */
#include "core/error.h"
#include "core/limits.h"
#include "net/mechanism.h"

static Secret *gssapi_answer(Exchange *exchange, const guint8 *token, gsize size, GError **error)
{
    const Session *session = exchange->session;
    if (size > LIMIT_TICKET_TOKEN) {
        refuse(error, POSTERN_ERROR_PROTOCOL, "login.challenge", CHALLENGE_MEND,
               "%s sent a Kerberos token of more than %d bytes", session->host, LIMIT_TICKET_TOKEN);
        return NULL;
    }
    return session->relay(session->relay_user, token, size, error);
}

const Mechanism mechanism_gssapi = {.name = "GSSAPI",
                                    .client_first = TRUE,
                                    .token = TRUE,
                                    .relayed = TRUE,
                                    .proves = TRUE,
                                    .answers = LIMIT_TICKET_ANSWERS,
                                    .most = LIMIT_TICKET_ANSWERS,
                                    .answer = gssapi_answer};
