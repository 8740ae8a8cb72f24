/*
 * See imap.h: IDLE (RFC 2177). libetpan's own hangs when a line comes before the "+", and waits by
 * select(2); so the command is ours, and the guard's scanner tells what is answered. It is said
 * anew every LIMIT_IDLE_MS, which is also how a peer that is gone gets noticed, at the latest.
 */
#include <stdio.h>
#include <string.h>

#include "core/error.h"
#include "core/limits.h"
#include "net/imap.h"

typedef struct {
    Imap *imap;
    GuardScan *scan;
    void (*news)(gpointer user);
    gpointer user;
    gboolean told;
    guint said; /* times IDLE was said: its tag */
} Idle;

static gboolean say(Idle *idle, const char *line)
{
    Guard *guard = idle->imap->guard;
    trace_client(guard_trace(guard), line, strlen(line));
    return guard_send(guard, (const guint8 *)line, strlen(line));
}

/* Reads once, and tells of the first news. */
static gboolean hear(Idle *idle)
{
    if (!guard_skim(idle->imap->guard) || guard_scan_bye(idle->scan)->said == SAID_BYE)
        return FALSE;
    if (guard_scan_news(idle->scan) > 0 && !idle->told) {
        idle->told = TRUE;
        idle->news(idle->user);
    }
    return TRUE;
}

static gboolean answered(const Idle *idle)
{
    return guard_scan_status(idle->scan)->said != SAID_NOTHING;
}

/* Reads on until the tagged answer has come or, with CONTINUED, the "+". A server that says one
 * thing after another, but not that, is late as well. */
static gboolean await(Idle *idle, gboolean continued)
{
    gint64 until = g_get_monotonic_time() + (gint64)LIMIT_COMMAND_MS * 1000;
    while (!answered(idle) && !(continued && guard_scan_continued(idle->scan))) {
        g_autoptr(GError) late = NULL;
        if (!hear(idle))
            return FALSE;
        if (g_get_monotonic_time() < until)
            continue;
        refuse(&late, POSTERN_ERROR_TEMPORARY, "server.timeout", "try again later",
               "the server did not answer IDLE within %d seconds", LIMIT_COMMAND_MS / 1000);
        imap_break(idle->imap, late);
        return FALSE;
    }
    return TRUE;
}

static gboolean begin(Idle *idle)
{
    char line[32];
    (void)snprintf(line, sizeof line, "idle%u IDLE\r\n", ++idle->said);
    guard_command(idle->imap->guard, SCAN_MUTE | SCAN_CONTINUE, LIMIT_IDLE_MS + LIMIT_COMMAND_MS);
    return say(idle, line) && await(idle, TRUE);
}

/* How it ended: by a call on FD, or because it is time to say it anew (*again). */
static gboolean watch(Idle *idle, int fd, gboolean *again)
{
    gint64 until = g_get_monotonic_time() + (gint64)LIMIT_IDLE_MS * 1000;
    GuardEvent event;
    while ((event = guard_wait(idle->imap->guard, fd, until)) == GUARD_READY && !answered(idle))
        if (!hear(idle))
            return FALSE;
    *again = event == GUARD_LATE;
    return TRUE;
}

static gboolean end(Idle *idle, GError **error)
{
    if ((answered(idle) || say(idle, "DONE\r\n")) && await(idle, FALSE) &&
        guard_scan_status(idle->scan)->said == SAID_OK)
        return TRUE;
    return imap_fail(idle->imap, MAILIMAP_NO_ERROR, "IDLE", error);
}

gboolean imap_idle(Fetcher *self, int fd, void (*news)(gpointer user), gpointer user,
                   GError **error)
{
    Imap *imap = (Imap *)self;
    Idle idle = {imap, guard_scanner(imap->guard), news, user, FALSE, 0};
    gboolean again = FALSE;
    if (!imap_alive(imap, error))
        return FALSE;
    if (!imap_can(imap, "IDLE") || imap->mailbox == NULL)
        return TRUE;
    do {
        if (!begin(&idle))
            return imap_fail(imap, MAILIMAP_NO_ERROR, "IDLE", error);
        if (answered(&idle)) /* a no: the server cannot after all */
            return TRUE;
        if (!watch(&idle, fd, &again))
            return imap_fail(imap, MAILIMAP_NO_ERROR, "IDLE", error);
        if (!end(&idle, error))
            return FALSE;
    } while (again);
    return TRUE;
}
