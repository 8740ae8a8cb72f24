/* See program.h. */
#include "cli/program.h"

#include <errno.h>
#include <locale.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "core/error.h"
#include "core/standard.h"

gboolean program_begin(int category)
{
    if (!standard_hold())
        return FALSE;
    setlocale(category, "");
    /* Cron jobs run in the C locale; arguments are UTF-8 all the same. */
    if (!g_get_charset(NULL))
        setlocale(LC_CTYPE, "C.UTF-8");
    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
    signal(SIGPIPE, SIG_IGN);
    return TRUE;
}

gboolean program_called(char *const *argv, const char *name)
{
    g_autofree char *called = argv[0] ? g_path_get_basename(argv[0]) : NULL;
    return g_strcmp0(called, name) == 0;
}

gboolean program_flush(GError **error)
{
    errno = 0; /* an earlier write that failed left its reason long ago */
    if (fflush(stdout) == 0 && !ferror(stdout))
        return TRUE;
    return refuse(error, POSTERN_ERROR_STORE, "output",
                  "see that its disk has room and its reader stays", "cannot write the output%s%s",
                  errno ? ": " : "", errno ? g_strerror(errno) : "");
}

gboolean program_reader_left(const GError *error)
{
    struct pollfd out = {.fd = STDOUT_FILENO, .events = POLLOUT};
    return g_strcmp0(postern_error_rule(error), "output") == 0 && poll(&out, 1, 0) == 1 &&
           (out.revents & POLLERR);
}
