/* See export.h: an mbox. A line that begins with "From ", or with ">" before it, gets another ">".
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "archive/export-lines.h"
#include "core/error.h"
#include "core/secret.h"
#include "core/text.h"

#define LAST_YEAR G_GINT64_CONSTANT(253402300799) /* of four digits */

typedef struct {
    Exporter exporter;
    char *path, *shown;
    FileOut out;
    gboolean piped;    /* to standard output */
    gboolean finished; /* and whole */
    /* Of the line that is being written: */
    gboolean line;   /* it began just now */
    guint64 marks;   /* ">" that are held back, */
    guint letters;   /* and letters of "From " */
    gboolean ending; /* the last byte of the message was LF */
} Mbox;

static const char from[] = "From ";

/* --- quoting --------------------------------------------------------------------------------- */

static gboolean release(Mbox *self, gboolean quote, GError **error)
{
    guint64 marks = self->marks + (quote ? 1 : 0);
    gboolean fine = TRUE;
    for (; fine && marks > 0; marks--)
        fine = out_put(&self->out, '>', error);
    for (guint i = 0; fine && i < self->letters; i++)
        fine = out_put(&self->out, (guint8)from[i], error);
    self->marks = 0;
    self->letters = 0;
    self->line = FALSE;
    return fine;
}

static gboolean take_byte(gpointer user, guint8 byte, GError **error)
{
    Mbox *self = user;
    self->ending = byte == '\n';
    if (self->line && byte == '>' && self->letters == 0) {
        self->marks++;
        return TRUE;
    }
    if (self->line && byte == (guint8)from[self->letters])
        return ++self->letters < sizeof from - 1 || release(self, TRUE, error);
    if (self->line && !release(self, FALSE, error))
        return FALSE;
    self->line = byte == '\n';
    return out_put(&self->out, byte, error);
}

/* --- messages -------------------------------------------------------------------------------- */

static gboolean put_text(Mbox *self, const char *text, GError **error)
{
    gboolean fine = TRUE;
    for (; fine && *text; text++)
        fine = out_put(&self->out, (guint8)*text, error);
    return fine;
}

/* asctime(3), which knows no languages. */
static gboolean put_opening(Mbox *self, gint64 date, GError **error)
{
    char text[64];
    struct tm when;
    time_t seconds = (time_t)CLAMP(date, 0, LAST_YEAR);
    return gmtime_r(&seconds, &when) && asctime_r(&when, text) &&
           put_text(self, "From MAILER-DAEMON ", error) && put_text(self, text, error);
}

static gboolean mbox_put(Exporter *exporter, const ExportMessage *message, ExportOpener opener,
                         gpointer user, Exported *how, GError **error)
{
    Mbox *self = (Mbox *)exporter;
    gboolean change;
    if (!lines_may_change(message, opener, user, &change, error) ||
        !put_opening(self, message->date, error))
        return FALSE;
    self->line = TRUE;
    self->ending = FALSE;
    gboolean fine = lines_pour(opener, user, change, take_byte, self, error) &&
                    (!self->line || release(self, FALSE, error));
    *how = self->ending ? EXPORTED : EXPORTED_LONGER;
    return fine && (self->ending || put_text(self, "\n", error)) && put_text(self, "\n", error);
}

static gboolean mbox_finish(Exporter *exporter, GError **error)
{
    Mbox *self = (Mbox *)exporter;
    if (!out_flush(&self->out, error) ||
        (!self->piped && fsync(self->out.fd) != 0 && !out_failed(self->shown, errno, error)))
        return FALSE;
    self->finished = TRUE;
    return TRUE;
}

/* What is half there is of no use to anybody, and lies there in clear. */
static void mbox_free(Exporter *exporter)
{
    Mbox *self = (Mbox *)exporter;
    secret_wipe(self->out.out, sizeof self->out.out);
    if (self->out.fd >= 0)
        close(self->out.fd);
    if (self->out.fd >= 0 && !self->finished && !self->piped)
        (void)unlink(self->path);
    g_free(self->path);
    g_free(self->shown);
    g_free(self);
}

Exporter *export_mbox(const char *path, GError **error)
{
    Mbox *self = g_new0(Mbox, 1);
    g_autoptr(Exporter) exporter = &self->exporter;
    self->exporter = (Exporter){.put = mbox_put, .finish = mbox_finish, .free = mbox_free};
    self->piped = g_str_equal(path, "-");
    self->path = g_strdup(path);
    self->shown = self->piped ? g_strdup("standard output") : text_name(path);
    self->out.shown = self->shown;
    self->out.fd = self->piped
                       ? fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3)
                       : open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (self->out.fd >= 0)
        return g_steal_pointer(&exporter);
    gboolean there = errno == EEXIST;
    refuse(error, POSTERN_ERROR_CREATE, "export.create",
           there ? "name a new file" : "name a place you may write to", "%s cannot be made: %s",
           self->shown, g_strerror(errno));
    return NULL;
}
