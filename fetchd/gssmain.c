/*
 * postern-gss — makes the tokens of Kerberos. It is given one descriptor, 3 (a wire to the keeper),
 * and one word of the environment: where the user's tickets lie. It holds neither keys nor mail,
 * reads the tickets, locks itself in, and only then asks a KDC or sees a server's token.
 *
 * SESSION says who logs in where; the answer is the ticket's name, or why there is none. Then each
 * CHALLENGE is answered by ANSWER or FAIL.
 */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config.h"
#include "core/error.h"
#include "core/limits.h"
#include "fetchd/confine.h"
#include "fetchd/gss.h"
#include "fetchd/record.h"
#include "fetchd/wire.h"

#define WIRE_FD 3

static gboolean is_socket(int fd)
{
    struct stat status;
    return fstat(fd, &status) == 0 && S_ISSOCK(status.st_mode);
}

static gboolean tell(Wire *wire, const void *bytes, gsize size, const GError *failure)
{
    g_autoptr(GByteArray) record = g_byte_array_new();
    if (failure) {
        record_put_fail(record, failure);
        bytes = record->data;
        size = record->len;
    }
    return wire_put(wire, failure ? WIRE_FAIL : WIRE_ANSWER, bytes, size, NULL) &&
           wire_flush(wire, NULL);
}

static Gss *begin(Wire *wire, Session *session)
{
    Frame frame;
    g_autoptr(GError) failure = NULL;
    g_autoptr(Gss) gss = NULL;
    if (!wire_get(wire, -1, -1, &frame, NULL) || frame.type != WIRE_SESSION)
        return NULL;
    if (record_get_session(&frame, session, &failure))
        gss = gss_new(session, &failure);
    if (gss && !confine_ticket()) {
        refuse(&failure, POSTERN_ERROR_BUG, "net.spawn", NULL, "postern-gss cannot lock itself in");
        g_clear_pointer(&gss, gss_free);
    }
    const char *ticket = gss ? gss_ticket(gss) : "";
    return tell(wire, ticket, strlen(ticket), failure) ? g_steal_pointer(&gss) : NULL;
}

static gboolean step(Wire *wire, Gss *gss)
{
    Frame frame;
    g_autoptr(GError) failure = NULL;
    if (!wire_get(wire, -1, -1, &frame, NULL) || frame.type != WIRE_CHALLENGE)
        return FALSE;
    g_autoptr(Secret) answer = gss_answer(gss, frame.payload, frame.size, &failure);
    return tell(wire, answer ? secret_bytes(answer) : NULL, answer ? secret_size(answer) : 0,
                failure) &&
           answer;
}

int main(void)
{
    if (!is_socket(WIRE_FD)) {
        fputs("postern-gss: started by fetchd and postern, not by hand\n", stderr);
        return POSTERN_ERROR_USAGE;
    }
    if (close_range(WIRE_FD + 1, ~0U, 0) != 0 || !confine_first())
        return POSTERN_ERROR_BUG;
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN);
    /* The keeper decides when this process ends, and the clock. */
    signal(SIGINT, SIG_IGN);
    signal(SIGTERM, SIG_IGN);
    (void)alarm(LIMIT_TICKET_LIFE_S);
    Session session = {0};
    g_autoptr(Wire) wire = wire_new(WIRE_FD);
    Gss *gss = begin(wire, &session);
    while (gss && step(wire, gss))
        ;
    gss_free(gss);
    session_clear(&session);
    return 0;
}
