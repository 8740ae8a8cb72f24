/* See terminal.h. */
#include "cli/terminal.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <termios.h>
#include <unistd.h>

#include "core/error.h"
#include "core/limits.h"

gboolean terminal_ask(const char *question, const char *fallback, char **answer)
{
    char line[1024];
    if (fallback)
        fprintf(stderr, "%s [%s]: ", question, fallback);
    else
        fprintf(stderr, "%s: ", question);
    if (fgets(line, sizeof line, stdin) == NULL) {
        fputc('\n', stderr);
        return FALSE;
    }
    g_strstrip(line);
    *answer = g_strdup(*line ? line : fallback);
    return TRUE;
}

static gsize read_line(char *line, gsize size)
{
    gsize length = 0;
    char c;
    while (length < size && read(STDIN_FILENO, &c, 1) == 1 && c != '\n')
        line[length++] = c;
    if (length > 0 && line[length - 1] == '\r')
        length--;
    return length;
}

/* Until a line was typed or one of SIGNALS, which are blocked, came; it stays pending. */
static void await_input(const sigset_t *signals)
{
    int fd = signalfd(-1, signals, SFD_CLOEXEC);
    struct pollfd fds[] = {{.fd = STDIN_FILENO, .events = POLLIN}, {.fd = fd, .events = POLLIN}};
    while (poll(fds, G_N_ELEMENTS(fds), -1) < 0 && errno == EINTR)
        ;
    if (fd >= 0)
        close(fd);
}

/* READ_LINE on a terminal that does not echo; Ctrl-C must not leave it so. */
static gsize silenced(char *line, gsize size, const struct termios *before)
{
    static const int ending[] = {SIGINT, SIGTERM, SIGQUIT, SIGHUP, SIGTSTP};
    struct termios silent = *before;
    sigset_t signals, mask, pending;
    sigemptyset(&signals);
    for (gsize i = 0; i < G_N_ELEMENTS(ending); i++)
        sigaddset(&signals, ending[i]);
    sigprocmask(SIG_BLOCK, &signals, &mask);
    silent.c_lflag &= (tcflag_t) ~(ECHO | ECHONL);
    tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent);
    await_input(&signals);
    gboolean interrupted = FALSE;
    sigpending(&pending);
    for (gsize i = 0; i < G_N_ELEMENTS(ending); i++)
        interrupted |= sigismember(&pending, ending[i]) == 1;
    gsize length = interrupted ? 0 : read_line(line, size);
    tcsetattr(STDIN_FILENO, TCSAFLUSH, before);
    sigprocmask(SIG_SETMASK, &mask, NULL);
    fputc('\n', stderr);
    return length;
}

Secret *terminal_secret(const char *question, GError **error)
{
    struct termios before;
    char line[LIMIT_SECRET + 1];
    gboolean terminal = tcgetattr(STDIN_FILENO, &before) == 0;
    if (terminal)
        fprintf(stderr, "%s: ", question);
    gsize length = terminal ? silenced(line, sizeof line, &before) : read_line(line, sizeof line);
    Secret *secret = NULL;
    if (length == 0 || length > LIMIT_SECRET || memchr(line, 0, length))
        refuse(error, POSTERN_ERROR_USAGE, "usage",
               length ? "give another one" : "type it, or pipe its first line in",
               length == 0             ? "no secret given"
               : length > LIMIT_SECRET ? "the secret is longer than %d bytes"
                                       : "the secret holds a NUL byte",
               LIMIT_SECRET);
    else
        secret = secret_new(line, length);
    secret_wipe(line, sizeof line);
    return secret;
}
