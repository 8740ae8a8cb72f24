/*
 * postern-net — the net child. It is given one descriptor, 3 (the wire to the keeper), an empty
 * environment and nothing else, and locks itself in before it takes the connected socket, which
 * comes by the wire. It opens no file: even the trusted certificates come so. It is started while
 * the keeper connects, so that nobody waits for its libraries.
 */
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "config.h"
#include "core/error.h"
#include "fetchd/child.h"
#include "fetchd/confine.h"
#include "fetchd/handover.h"
#include "net/tls.h"

#define WIRE_FD 3

/* While OpenSSL judges a certificate's dates, the C library looks for the time zone, and again at
 * each call while there is none in the environment. One that is spelt out needs no file. */
static gboolean fix_time_zone(void)
{
    gboolean ok = setenv("TZ", "UTC0", 1) == 0;
    tzset();
    return ok;
}

/* Else GLib would look for tables to convert the C library's sentences, which are ASCII, to UTF-8.
 */
static gboolean fix_charset(void)
{
    return setlocale(LC_CTYPE, "C.UTF-8") != NULL && g_get_charset(NULL);
}

static gboolean is_socket(int fd)
{
    struct stat status;
    return fstat(fd, &status) == 0 && S_ISSOCK(status.st_mode);
}

int main(void)
{
    if (!is_socket(WIRE_FD)) {
        fputs("postern-net: started by fetchd and postern, not by hand\n", stderr);
        return POSTERN_ERROR_USAGE;
    }
    if (close_range(WIRE_FD + 1, ~0U, 0) != 0 || !fix_time_zone() || !fix_charset() || !confine())
        return POSTERN_ERROR_BUG;
    signal(SIGPIPE, SIG_IGN);
    /* Ctrl-C on a terminal, or timeout(1), reaches the whole group; the keeper decides when this
     * process ends. */
    signal(SIGINT, SIG_IGN);
    signal(SIGTERM, SIG_IGN);
    tls_get_ready();
    int socket_fd = handover_take(WIRE_FD);
    if (socket_fd >= 0)
        child_serve(WIRE_FD, socket_fd);
    return 0;
}
