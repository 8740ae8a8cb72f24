/* See imap.h and fetcher.h. */
#include "net/imap.h"
#include "net/words.h"

#include <string.h>

#include "core/error.h"
#include "core/limits.h"

#define QUIT_MS 10000 /* a good-bye is not worth waiting for */

static void expect(Imap *imap, ScanExpects expects, const ChangeTaker *taker)
{
    guard_command(imap->guard, expects | SCAN_QUIET, LIMIT_COMMAND_MS);
    if (taker)
        guard_scan_taker(guard_scanner(imap->guard), taker);
}

static int hear(Imap *imap, guint tag)
{
    g_autofree char *start = g_strdup_printf("%u ", tag);
    const char *answer = mailimap_read_line(imap->etpan);
    if (answer == NULL || guard_scan_bye(guard_scanner(imap->guard))->said == SAID_BYE)
        return MAILIMAP_ERROR_STREAM;
    return g_str_has_prefix(answer, start) ? MAILIMAP_NO_ERROR : MAILIMAP_ERROR_PROTOCOL;
}

int imap_say(Imap *imap, ScanExpects expects, const ChangeTaker *taker, const char *words)
{
    mailimap *etpan = imap->etpan;
    guint tag = (guint)++etpan->imap_tag;
    g_autofree char *line = g_strdup_printf("%u %s\r\n", tag, words);
    gsize size = strlen(line);
    expect(imap, expects, taker);
    if (mailstream_write(etpan->imap_stream, line, size) != (ssize_t)size ||
        mailstream_flush(etpan->imap_stream) < 0)
        return MAILIMAP_ERROR_STREAM;
    return hear(imap, tag);
}

guint imap_ask(Imap *imap, const char *const *words)
{
    g_autoptr(GString) lines = g_string_new(NULL);
    guint first = (guint)imap->etpan->imap_tag + 1;
    for (; *words; words++)
        g_string_append_printf(lines, "%d %s\r\n", ++imap->etpan->imap_tag, *words);
    expect(imap, SCAN_NOTHING, NULL); /* for the deadline */
    trace_client(guard_trace(imap->guard), lines->str, lines->len);
    guard_send(imap->guard, (const guint8 *)lines->str, lines->len);
    return first;
}

int imap_hear(Imap *imap, guint tag, ScanExpects expects, const ChangeTaker *taker)
{
    expect(imap, expects, taker);
    return hear(imap, tag);
}

static gboolean quit(Fetcher *self, GError **error)
{
    Imap *imap = (Imap *)self;
    if (!imap_alive(imap, NULL))
        return TRUE;
    if (!imap->writable) { /* nothing hangs on the answer */
        g_autofree char *line = g_strdup_printf("%d LOGOUT\r\n", ++imap->etpan->imap_tag);
        guard_command(imap->guard, SCAN_NOTHING, QUIT_MS);
        trace_client(guard_trace(imap->guard), line, strlen(line));
        guard_send(imap->guard, (const guint8 *)line, strlen(line));
        return TRUE;
    }
    guard_command(imap->guard, SCAN_NOTHING, QUIT_MS);
    (void)mailimap_logout(imap->etpan);
    const GError *fault = guard_error(imap->guard);
    gboolean cut = fault && g_strcmp0(postern_error_rule(fault), "tls.truncated") == 0;
    return !cut || imap_alive(imap, error);
}

static void imap_free(Fetcher *self)
{
    Imap *imap = (Imap *)self;
    /* mailimap_free() would say LOGOUT and wait for the answer. */
    g_autoptr(GError) over = NULL;
    refuse(&over, POSTERN_ERROR_BUG, "imap.state", NULL, "the connection has been given up");
    imap_break(imap, over);
    if (imap->etpan)
        mailimap_free(imap->etpan);
    g_clear_pointer(&imap->guard, guard_free);
    g_hash_table_unref(imap->capabilities);
    g_free(imap->mailbox);
    g_free(imap);
}

/* Never a file: libetpan puts what exceeds its ceiling, or its memory, into one. */
static void no_temporary_files(void)
{
    mmap_string_set_ceil(G_MAXSIZE);
    mmap_string_set_tmpdir("/dev/null");
}

static void report(const Fetcher *self, ServerReport *report)
{
    const Imap *imap = (const Imap *)self;
    guard_report(imap->guard, report);
    report->abilities = (imap_can(imap, "IDLE") ? SERVER_IDLE : 0) |
                        (imap_can(imap, "QRESYNC") ? SERVER_QRESYNC : 0) |
                        (imap->scram ? SERVER_SCRAM : 0);
}

static char *alert(Fetcher *self)
{
    const Imap *imap = (const Imap *)self;
    const char *words = guard_scan_alert(guard_scanner(imap->guard));
    return words ? server_words(words, strlen(words)) : NULL;
}

Fetcher *imap_over(Channel *channel, const Session *session, GError **error)
{
    no_temporary_files();
    Imap *imap = g_new0(Imap, 1);
    imap->fetcher = (Fetcher){
        .mailboxes = imap_mailboxes,
        .select = imap_select,
        .list = imap_list,
        .sizes = imap_sizes,
        .headers = imap_headers,
        .changes = imap_changes,
        .get = imap_get,
        .idle = imap_idle,
        .file = imap_file,
        .remove = imap_remove,
        .quit = quit,
        .report = report,
        .alert = alert,
        .free = imap_free,
    };
    g_autoptr(GBytes) binding = channel_binding(channel);
    imap->guard = guard_new(channel);
    imap->capabilities = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    imap->etpan = mailimap_new(0, NULL);
    gboolean good = imap->etpan
                        ? imap_greeting(imap, error) && imap_login(imap, session, binding, error)
                        : imap_fail(imap, MAILIMAP_ERROR_MEMORY, "the greeting", error);
    if (good)
        return &imap->fetcher;
    imap_free(&imap->fetcher);
    return NULL;
}

Fetcher *imap_open(int fd, const Session *session, GError **error)
{
    g_autoptr(Channel) channel = channel_new(fd);
    channel_set_trace(channel, session->trace);
    if (!channel_start_tls(channel, session, error))
        return NULL;
    return imap_over(g_steal_pointer(&channel), session, error);
}
