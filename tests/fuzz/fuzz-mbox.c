/*
 * An mbox of any bytes. The first byte says of which kind, and whether it comes by a pipe; whatever
 * follows must be read to its end, and each message must be given as it was measured.
 */
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "archive/mbox.h"
#include "core/error.h"

#define PIPED_MAX (32 * 1024) /* what a pipe takes before it is read */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static gboolean take(gpointer user, const ArchiveMessage *message, Source *content, GError **error)
{
    guint8 buffer[1000];
    gssize got;
    guint64 all = 0;
    *(guint64 *)user += 1;
    while ((got = source_read(content, buffer, sizeof buffer, error)) > 0)
        all += (guint64)got;
    if (got < 0 || all != message->size)
        g_error("a message was not given as it was measured");
    if (strspn(message->flags, "DFRST") != strlen(message->flags))
        g_error("a flag that no Maildir knows");
    return TRUE;
}

static gboolean unusable(gpointer user, const GError *why, GError **error)
{
    (void)error;
    *(guint64 *)user += 1;
    if (g_strcmp0(postern_error_rule(why), "import.message") != 0)
        g_error("what was there could not be read: %s", why->message);
    return TRUE;
}

static int file_of(const uint8_t *data, size_t size, gboolean piped)
{
    int ends[2];
    if (!piped)
        ends[0] = ends[1] = memfd_create("mbox", MFD_CLOEXEC);
    else if (pipe2(ends, O_CLOEXEC) < 0)
        g_error("no pipe");
    if (write(ends[1], data, size) != (ssize_t)size)
        g_error("no room for an mbox");
    if (piped)
        close(ends[1]);
    return ends[0];
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    guint64 count = 0;
    MboxKind kind = (MboxKind)(data[0] % (MBOX_CL2 + 1));
    gboolean piped = (data[0] & 0x80) && size < PIPED_MAX;
    const ArchiveTaker taker = {take, unusable, &count, -1};
    g_autoptr(GError) error = NULL;
    g_autoptr(Window) window = window_new(file_of(data + 1, size - 1, piped), "fuzz", -1);
    if (!mbox_read(window, kind, &taker, &error))
        g_error("an mbox was not read to its end: %s", error->message);
    if ((count > 0) != (size > 1))
        g_error("something was passed over in silence");
    return 0;
}
