/* See tunnel.h. */
#include "fetchd/tunnel.h"

#include <errno.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/error.h"
#include "core/text.h"
#include "net/connect.h"
#include "policy/tunnel.h"

/* How long the command may take to notice that its socket is closed. */
#define LEAVE_MS 2000
#define LOOK_EVERY_MS 20

static GStrv words(const LinkTarget *target, GError **error)
{
    g_autoptr(GInetAddress) address = NULL;
    if (tunnel_wants_address(target->account)) {
        address = connect_address(target->endpoint, target->company, target->stop_fd, error);
        if (address == NULL)
            return NULL;
    }
    return tunnel_words(target->account, target->endpoint, address, error);
}

int tunnel_open(const LinkTarget *target, pid_t *pid, GError **error)
{
    int pair[2];
    g_auto(GStrv) argv = words(target, error);
    if (argv == NULL)
        return -1;
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0) {
        refuse(error, POSTERN_ERROR_BUG, "net.spawn", NULL, "no socketpair: %s", g_strerror(errno));
        return -1;
    }
    g_autoptr(GError) failure = NULL;
    gboolean started = g_spawn_async_with_pipes_and_fds(
        NULL, (const char *const *)argv, NULL, G_SPAWN_DO_NOT_REAP_CHILD | G_SPAWN_SEARCH_PATH,
        NULL, NULL, pair[1], pair[1], -1, NULL, NULL, 0, pid, NULL, NULL, NULL, &failure);
    close(pair[1]);
    if (started)
        return pair[0];
    close(pair[0]);
    g_autofree char *command = text_field(argv[0]);
    refuse(error, POSTERN_ERROR_UNREACHABLE, "server.tunnel", "see that the command is installed",
           "the tunnel's command %s cannot be started: %s", command, failure->message);
    return -1;
}

/* Waits up to MS for PID; FALSE when it still runs. */
static gboolean left_within(pid_t pid, int ms, int *status)
{
    for (int waited = 0;; waited += LOOK_EVERY_MS) {
        pid_t got = waitpid(pid, status, WNOHANG);
        if (got == pid || (got < 0 && errno != EINTR))
            return TRUE;
        if (waited >= ms)
            return FALSE;
        g_usleep(LOOK_EVERY_MS * 1000);
    }
}

gboolean tunnel_end(pid_t pid, const char *host, GError **error)
{
    int status = 0;
    gboolean by_itself = left_within(pid, LEAVE_MS, &status);
    if (!by_itself) {
        kill(pid, SIGTERM);
        if (!left_within(pid, LEAVE_MS, &status)) {
            kill(pid, SIGKILL);
            (void)left_within(pid, LEAVE_MS, &status);
        }
    }
    if (!by_itself || (WIFEXITED(status) && WEXITSTATUS(status) == 0))
        return FALSE;
    g_autofree char *how = WIFEXITED(status)
                               ? g_strdup_printf("with exit status %d", WEXITSTATUS(status))
                               : g_strdup_printf("by signal %d", WTERMSIG(status));
    refuse(error, POSTERN_ERROR_UNREACHABLE, "server.tunnel",
           "try the tunnel's command by hand; what it says stands above",
           "the tunnel to %s ended %s", host, how);
    return TRUE;
}
