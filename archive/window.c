/* See window.h. */
#include "archive/window.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/error.h"
#include "core/interrupt.h"
#include "core/limits.h"

#define PIECE (64 * 1024)

struct Window {
    int fd, stop_fd;
    char *place;
    gboolean piped;
    guint64 base;     /* offset of the first byte that is kept, */
    guint64 asked;    /* and of the first that may be asked for */
    GByteArray *kept; /* of one that is piped */
    gboolean ended;
    guint64 have; /* of another: what is in `piece`, from offset `at` */
    guint64 at;
    guint8 piece[PIECE];
};

Window *window_new(int fd, const char *place, int stop_fd)
{
    struct stat facts;
    Window *window = g_new0(Window, 1);
    window->fd = fd;
    window->stop_fd = stop_fd;
    window->place = g_strdup(place);
    window->piped = fstat(fd, &facts) != 0 || !S_ISREG(facts.st_mode);
    window->kept = g_byte_array_new();
    return window;
}

void window_free(Window *window)
{
    if (window == NULL)
        return;
    close(window->fd);
    g_byte_array_unref(window->kept);
    g_free(window->place);
    g_free(window);
}

const char *window_place(const Window *window)
{
    return window->place;
}

void window_rename(Window *window, const char *place)
{
    g_free(window->place);
    window->place = g_strdup(place);
}

static gssize fail(const Window *window, int cause, GError **error)
{
    refuse(error, POSTERN_ERROR_STORE, "import.read",
           "see that it may be read and its disk is sound", "%s cannot be read: %s", window->place,
           g_strerror(cause));
    return -1;
}

static gssize read_piece(Window *window, guint64 at, GError **error)
{
    gssize got;
    if (window->piped && interrupt_wait(window->fd, POLLIN, -1, window->stop_fd, error) < 0)
        return -1;
    do
        got = window->piped ? read(window->fd, window->piece, PIECE)
                            : pread(window->fd, window->piece, PIECE, (off_t)at);
    while (got < 0 && errno == EINTR);
    return got < 0 ? fail(window, errno, error) : got;
}

/* --- what can be read again ------------------------------------------------------------------ */

static gssize read_file(Window *window, guint64 at, guint8 *buffer, gsize size, GError **error)
{
    gsize done = 0;
    while (done < size) {
        guint64 from = at + done;
        if (from < window->at || from >= window->at + window->have) {
            gssize got = read_piece(window, from, error);
            if (got < 0)
                return -1;
            window->at = from;
            window->have = (guint64)got;
            if (got == 0)
                break;
        }
        gsize left = (gsize)(window->at + window->have - from), part = MIN(left, size - done);
        memcpy(buffer + done, window->piece + (from - window->at), part);
        done += part;
    }
    return (gssize)done;
}

/* --- what cannot ----------------------------------------------------------------------------- */

static gboolean keep_more(Window *window, GError **error)
{
    if (window->kept->len - (window->asked - window->base) >= LIMIT_PIPED_MESSAGE)
        return refuse(
            error, POSTERN_ERROR_INPUT, "import.piped", "write it to a file, and name that",
            "a message of more than %d bytes comes by %s", LIMIT_PIPED_MESSAGE, window->place);
    gssize got = read_piece(window, 0, error);
    if (got < 0)
        return FALSE;
    window->ended = got == 0;
    g_byte_array_append(window->kept, window->piece, (guint)got);
    return TRUE;
}

static gssize read_pipe(Window *window, guint64 at, guint8 *buffer, gsize size, GError **error)
{
    g_assert(at >= window->asked);
    while (!window->ended && at + size > window->base + window->kept->len)
        if (!keep_more(window, error))
            return -1;
    guint64 skip = at - window->base;
    if (skip >= window->kept->len)
        return 0;
    gsize part = MIN(size, window->kept->len - (gsize)skip);
    memcpy(buffer, window->kept->data + skip, part);
    return (gssize)part;
}

gssize window_read(Window *window, guint64 at, guint8 *buffer, gsize size, GError **error)
{
    return (window->piped ? read_pipe : read_file)(window, at, buffer, size, error);
}

/* Moved to the front only when that is worth it. */
void window_forget(Window *window, guint64 at)
{
    if (!window->piped)
        return;
    window->asked = CLAMP(at, window->asked, window->base + window->kept->len);
    gsize gone = (gsize)(window->asked - window->base);
    if (gone < PIECE || gone < window->kept->len / 2)
        return;
    g_byte_array_remove_range(window->kept, 0, (guint)gone);
    window->base += gone;
}

gboolean window_reaches(const Window *window, guint64 at)
{
    return !window->piped || at < window->asked + LIMIT_PIPED_MESSAGE / 2;
}
