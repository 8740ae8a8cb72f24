/* See terminal.h. */
#include "cli/terminal.h"

#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "core/error.h"
#include "core/limits.h"

char *terminal_ask(const char *question, const char *fallback, GError **error)
{
    char line[1024];
    if (fallback)
        fprintf(stderr, "%s [%s]: ", question, fallback);
    else
        fprintf(stderr, "%s: ", question);
    if (fgets(line, sizeof line, stdin) == NULL) {
        refuse(error, POSTERN_ERROR_USAGE, "usage", "give it as an option", "no answer to: %s",
               question);
        return NULL;
    }
    g_strstrip(line);
    return g_strdup(*line ? line : fallback);
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

Secret *terminal_secret(const char *question, GError **error)
{
    struct termios before, silent;
    gboolean terminal = tcgetattr(STDIN_FILENO, &before) == 0;
    if (terminal) {
        fprintf(stderr, "%s: ", question);
        silent = before;
        silent.c_lflag &= (tcflag_t) ~(ECHO | ECHONL);
        tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent);
    }
    char line[LIMIT_SECRET + 1];
    gsize length = read_line(line, sizeof line);
    if (terminal) {
        tcsetattr(STDIN_FILENO, TCSAFLUSH, &before);
        fputc('\n', stderr);
    }
    Secret *secret = NULL;
    if (length == 0 || length > LIMIT_SECRET || memchr(line, 0, length))
        refuse(error, POSTERN_ERROR_USAGE, "usage", "type it, or pipe its first line in",
               length ? "the secret is too long or holds a NUL" : "no secret given");
    else
        secret = secret_new(line, length);
    secret_wipe(line, sizeof line);
    return secret;
}
