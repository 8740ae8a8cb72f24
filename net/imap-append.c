/*
 * See imap.h and fetcher.h: the one thing that is ever put onto a server, the copy of a letter that
 * was sent. libetpan's APPEND wants the whole message in memory and always waits for the "+"; so
 * the command is ours, as IDLE is.
 */
#include <string.h>

#include "core/error.h"
#include "core/limits.h"
#include "net/imap.h"
#include "net/mailboxname.h"

#define SHORT_LITERAL 4096 /* RFC 7888, 4 */
#define PIECE (16 * 1024)

/* ---- is it there? ---- */

static gboolean is_searchable(const char *id)
{
    gsize size = strlen(id);
    for (const char *at = id; *at; at++)
        if ((guchar)*at < ' ' || (guchar)*at >= 127)
            return FALSE;
    return size > 0 && size <= LIMIT_LINE / 2;
}

static gboolean find(Imap *imap, const char *message_id, gboolean *there, GError **error)
{
    g_autoptr(GString) words = g_string_new("UID SEARCH HEADER Message-ID ");
    if (!is_searchable(message_id))
        return refuse(error, POSTERN_ERROR_INPUT, "send.value", "drop it from the outbox",
                      "the letter has no Message-ID by which a server could find it");
    imap_put_quoted(words, message_id);
    int r = imap_say(imap, SCAN_SEARCH, NULL, words->str);
    if (r != MAILIMAP_NO_ERROR || guard_scan_status(guard_scanner(imap->guard))->said != SAID_OK)
        return imap_fail(imap, r, "UID SEARCH", error);
    *there = guard_scan_found(guard_scanner(imap->guard))->len > 0;
    return TRUE;
}

/* ---- APPEND ---- */

typedef struct {
    Imap *imap;
    GuardScan *scan;
    guint ms; /* for all of it */
    gint64 until;
} Append;

static gboolean answered(const Append *self)
{
    return guard_scan_status(self->scan)->said != SAID_NOTHING;
}

/* Until the tagged answer has come or, with CONTINUED, the "+". */
static gboolean await(const Append *self, gboolean continued)
{
    while (!answered(self) && !(continued && guard_scan_continued(self->scan))) {
        g_autoptr(GError) late = NULL;
        if (!guard_skim(self->imap->guard) || guard_scan_bye(self->scan)->said == SAID_BYE)
            return FALSE;
        if (g_get_monotonic_time() < self->until)
            continue;
        refuse(&late, POSTERN_ERROR_TEMPORARY, "server.timeout", "try again later",
               "the server did not answer APPEND within %u seconds", self->ms / 1000);
        imap_break(self->imap, late);
        return FALSE;
    }
    return TRUE;
}

static gboolean put(const Append *self, const char *bytes, gsize size)
{
    return guard_send(self->imap->guard, (const guint8 *)bytes, size);
}

/* Who breaks off within a literal has no command left to say. */
static gboolean put_letter(const Append *self, const Filed *filed, GError **error)
{
    guint8 buffer[PIECE];
    guint64 left = filed->size;
    g_autoptr(GError) failure = NULL;
    while (left > 0) {
        gssize got = source_read(filed->letter, buffer, (gsize)MIN(left, sizeof buffer), &failure);
        if (got == 0)
            refuse(&failure, POSTERN_ERROR_BUG, "imap.append", NULL, "a letter was cut short");
        if (got <= 0) {
            imap_break(self->imap, failure);
            return imap_alive(self->imap, error);
        }
        if (!guard_send(self->imap->guard, buffer, (gsize)got))
            return imap_fail(self->imap, MAILIMAP_NO_ERROR, "APPEND", error);
        left -= (guint64)got;
    }
    return TRUE;
}

/* RFC 3501, date-time. */
static char *date_time(gint64 date)
{
    static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                         "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    g_autoptr(GDateTime) utc = g_date_time_new_from_unix_utc(MAX(date, 0));
    int year, month, day;
    if (utc == NULL)
        return g_strdup("01-Jan-1970 00:00:00 +0000");
    g_date_time_get_ymd(utc, &year, &month, &day);
    return g_strdup_printf("%02d-%s-%04d %02d:%02d:%02d +0000", day, months[month - 1], year,
                           g_date_time_get_hour(utc), g_date_time_get_minute(utc),
                           g_date_time_get_second(utc));
}

/* With a literal that waits for no "+", where the server takes such of this size (RFC 7888). */
static gboolean announce(const Append *self, const Filed *filed, gboolean *waits)
{
    Imap *imap = self->imap;
    guint tag = (guint)++imap->etpan->imap_tag;
    g_autoptr(GString) line = g_string_new(NULL);
    g_autofree char *date = date_time(filed->date);
    g_autofree char *shown = g_strdup_printf("%u APPEND", tag);
    *waits = !imap_can(imap, "LITERAL+") &&
             !(imap_can(imap, "LITERAL-") && filed->size <= SHORT_LITERAL);
    g_string_printf(line, "%u APPEND ", tag);
    imap_put_quoted(line, filed->mailbox);
    g_string_append_printf(line, " (\\Seen) \"%s\" {%" G_GUINT64_FORMAT "%s}\r\n", date,
                           filed->size, *waits ? "" : "+");
    trace_client(guard_trace(imap->guard), shown, strlen(shown));
    trace_body(guard_trace(imap->guard), FALSE, filed->size);
    return put(self, line->str, line->len);
}

/* RFC 3501, 6.3.11, and RFC 5530. */
static gboolean refused(const Append *self, GError **error)
{
    const ScanStatus *status = guard_scan_status(self->scan);
    g_autofree char *words = imap_words(status);
    if (status->said != SAID_NO)
        return imap_fail(self->imap, MAILIMAP_NO_ERROR, "APPEND", error);
    if (imap_said_code(status, "TRYCREATE") || imap_said_code(status, "NONEXISTENT"))
        return refuse(error, POSTERN_ERROR_POLICY, "server.folder",
                      "make the folder there, or name another in save_sent",
                      "the server has no such folder: \"%s\"", words);
    if (imap_said_code(status, "OVERQUOTA") || imap_said_code(status, "TOOBIG"))
        return refuse(error, POSTERN_ERROR_TEMPORARY, "server.full", "make room there",
                      "the server has no room for the letter: \"%s\"", words);
    return imap_fail(self->imap, MAILIMAP_NO_ERROR, "APPEND", error);
}

static gboolean append(Imap *imap, const Filed *filed, GError **error)
{
    gboolean waits;
    guint64 ms = LIMIT_COMMAND_MS + filed->size * 1000 / LIMIT_BODY_RATE;
    Append self = {imap, guard_scanner(imap->guard), (guint)MIN(ms, G_MAXINT32), 0};
    self.until = g_get_monotonic_time() + (gint64)self.ms * 1000;
    guard_command(imap->guard, SCAN_MUTE | SCAN_CONTINUE, self.ms);
    if (!announce(&self, filed, &waits) || (waits && !await(&self, TRUE)))
        return imap_fail(imap, MAILIMAP_NO_ERROR, "APPEND", error);
    if (waits && answered(&self))
        return refused(&self, error);
    if (!put_letter(&self, filed, error))
        return FALSE;
    if (!put(&self, "\r\n", 2) || !await(&self, FALSE))
        return imap_fail(imap, MAILIMAP_NO_ERROR, "APPEND", error);
    return guard_scan_status(self.scan)->said == SAID_OK || refused(&self, error);
}

gboolean imap_file(Fetcher *self, const Filed *filed, GError **error)
{
    Imap *imap = (Imap *)self;
    Selected selected;
    gboolean there = FALSE;
    if (!imap_select(self, filed->mailbox, NULL, NULL, &selected, error))
        return FALSE;
    return find(imap, filed->message_id, &there, error) && (there || append(imap, filed, error));
}
