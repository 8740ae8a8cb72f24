/* See spawn.h. */
#include "fetchd/spawn.h"

#include <errno.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/error.h"
#include "core/paths.h"

/* The other end of our socket becomes 3. Nothing else is open to it: all our descriptors are
 * close-on-exec, and it closes what we may have inherited. GLib would close them in a fork of this
 * process, whose memory it copies for that. */
static int spawn(const char *name, const char *const *environment, pid_t *pid, GError **error)
{
    g_autofree char *path = paths_program(name);
    const char *const argv[] = {path, NULL};
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0) {
        refuse(error, POSTERN_ERROR_BUG, "net.spawn", NULL, "no socketpair: %s", g_strerror(errno));
        return -1;
    }
    const int sources[] = {pair[1]};
    const int targets[] = {3};
    g_autoptr(GError) failure = NULL;
    gboolean started = g_spawn_async_with_pipes_and_fds(
        NULL, argv, environment,
        G_SPAWN_DO_NOT_REAP_CHILD | G_SPAWN_STDOUT_TO_DEV_NULL | G_SPAWN_STDERR_TO_DEV_NULL |
            G_SPAWN_LEAVE_DESCRIPTORS_OPEN,
        NULL, NULL, -1, -1, -1, sources, targets, 1, pid, NULL, NULL, NULL, &failure);
    close(pair[1]);
    if (started)
        return pair[0];
    close(pair[0]);
    refuse(error, POSTERN_ERROR_BUG, "net.spawn", "is Postern installed whole?",
           "cannot start %s: %s", path, failure->message);
    return -1;
}

int spawn_net_child(pid_t *pid, GError **error)
{
    const char *const no_environment[] = {NULL};
    return spawn("postern-net", no_environment, pid, error);
}

int spawn_ticket_child(pid_t *pid, GError **error)
{
    const char *where = g_getenv("KRB5CCNAME");
    g_autofree char *word = where ? g_strconcat("KRB5CCNAME=", where, NULL) : NULL;
    const char *const environment[] = {word, NULL};
    return spawn("postern-gss", environment, pid, error);
}

void spawn_end(pid_t pid)
{
    /* It has nothing to save: whatever it knew is here already or is not wanted. */
    kill(pid, SIGKILL);
    while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
        ;
}
