/* See record.h. */
#include "fetchd/record.h"

#include <string.h>

#include "core/cursor.h"
#include "core/error.h"
#include "core/limits.h"
#include "core/text.h"

/* The last second of the year 9999, where certificates end that never should (RFC 5280, 4.1.2.5).
 */
#define REPORT_LATEST G_GINT64_CONSTANT(253402300799)

static gboolean malformed(const char *what, GError **error)
{
    return refuse(error, POSTERN_ERROR_BUG, "net.record", NULL,
                  "the connection's process sent a malformed record (%s)", what);
}

static gboolean whole(const Cursor *cursor, const char *what, GError **error)
{
    return cursor_whole(cursor) || malformed(what, error);
}

static Cursor over(const Frame *frame)
{
    return cursor_over(frame->payload, frame->size);
}

/* NULL and "" are one on the wire where a field may be absent. */
static char *optional(Cursor *cursor, gsize max)
{
    char *string = cursor_string(cursor, max);
    if (string && *string == '\0')
        g_clear_pointer(&string, g_free);
    return string;
}

static char **strings(Cursor *cursor, guint limit, gsize max)
{
    g_autoptr(GStrvBuilder) builder = g_strv_builder_new();
    guint n = cursor_u16(cursor);
    if (n > limit)
        cursor->failed = TRUE;
    for (guint i = 0; i < n && !cursor->failed; i++) {
        g_autofree char *string = cursor_string(cursor, max);
        if (string)
            g_strv_builder_add(builder, string);
    }
    return g_strv_builder_end(builder);
}

static void put_strings(GByteArray *out, char *const *list, guint limit)
{
    guint n = list ? MIN(g_strv_length((char **)list), limit) : 0;
    put_u16(out, (guint16)n);
    for (guint i = 0; i < n; i++)
        put_string(out, list[i]);
}

void record_put_session(GByteArray *out, const Session *session)
{
    put_u8(out, (guint8)session->scheme);
    put_u8(out, (guint8)session->min_tls);
    put_string(out, session->host);
    put_string(out, session->login);
    put_string(out, session->auth);
    put_string(out, session->min_auth);
    put_strings(out, session->pins, RECORD_PINS);
    put_u8(out, session->traced != FALSE);
    put_u8(out, session->compress != FALSE);
}

gboolean record_get_session(const Frame *frame, Session *session, GError **error)
{
    Cursor cursor = over(frame);
    guint8 scheme = cursor_u8(&cursor);
    guint8 min_tls = cursor_u8(&cursor);
    session->host = cursor_string(&cursor, RECORD_HOST);
    session->login = cursor_string(&cursor, LIMIT_ADDRESS);
    session->auth = optional(&cursor, RECORD_MECHANISM);
    session->min_auth = optional(&cursor, RECORD_MECHANISM);
    session->pins = strings(&cursor, RECORD_PINS, RECORD_PIN);
    session->traced = cursor_u8(&cursor) != 0;
    session->compress = cursor_u8(&cursor) != 0;
    if (scheme > SCHEME_SUBMISSION || min_tls > TLS_1_3)
        return malformed("session", error);
    session->scheme = (Scheme)scheme;
    session->min_tls = (TlsMinimum)min_tls;
    session->ca_sets = g_ptr_array_new_with_free_func((GDestroyNotify)g_bytes_unref);
    return whole(&cursor, "session", error);
}

/* Mod-sequences have 63 bits (RFC 7162, 7). */
static guint64 modseq(Cursor *cursor)
{
    guint64 value = cursor_u64(cursor);
    if (value > G_MAXINT64)
        cursor->failed = TRUE;
    return value;
}

void record_put_ranges(GByteArray *out, const NumberRange *ranges, gsize n)
{
    put_u16(out, (guint16)n);
    for (gsize i = 0; i < n; i++) {
        put_u32(out, ranges[i].first);
        put_u32(out, ranges[i].last);
    }
}

static NumberRange range(Cursor *cursor)
{
    NumberRange one = {.first = cursor_u32(cursor)};
    one.last = cursor_u32(cursor);
    if (one.first == 0 || one.first > one.last)
        cursor->failed = TRUE;
    return one;
}

static GArray *ranges_of(Cursor *cursor)
{
    guint n = cursor_u16(cursor);
    GArray *ranges = g_array_new(FALSE, FALSE, sizeof(NumberRange));
    if (n > RECORD_RANGES)
        cursor->failed = TRUE;
    for (guint i = 0; i < n && !cursor->failed; i++) {
        NumberRange one = range(cursor);
        g_array_append_val(ranges, one);
    }
    return ranges;
}

GArray *record_get_ranges(const Frame *frame, GError **error)
{
    Cursor cursor = over(frame);
    g_autoptr(GArray) ranges = ranges_of(&cursor);
    return whole(&cursor, "ranges", error) ? g_steal_pointer(&ranges) : NULL;
}

void record_put_numbers(GByteArray *out, const guint32 *numbers, gsize n)
{
    put_u16(out, (guint16)n);
    for (gsize i = 0; i < n; i++)
        put_u32(out, numbers[i]);
}

GArray *record_get_numbers(const Frame *frame, GError **error)
{
    Cursor cursor = over(frame);
    guint n = cursor_u16(&cursor);
    g_autoptr(GArray) numbers = g_array_new(FALSE, FALSE, sizeof(guint32));
    for (guint i = 0; i < n && n <= RECORD_RANGES && !cursor.failed; i++) {
        guint32 number = cursor_u32(&cursor);
        g_array_append_val(numbers, number);
    }
    if (n > RECORD_RANGES || !cursor_whole(&cursor)) {
        malformed("numbers", error);
        return NULL;
    }
    return g_steal_pointer(&numbers);
}

void record_put_select(GByteArray *out, const char *name, const Known *known)
{
    put_string(out, name);
    put_u8(out, known != NULL);
    if (known == NULL)
        return;
    put_u32(out, known->uidvalidity);
    put_u64(out, known->modseq);
    if (known->n <= RECORD_RANGES) {
        record_put_ranges(out, known->ranges, known->n);
    } else {
        const NumberRange all = {known->ranges[0].first, known->ranges[known->n - 1].last};
        record_put_ranges(out, &all, 1);
    }
}

gboolean record_get_select(const Frame *frame, SelectRecord *record, GError **error)
{
    Cursor cursor = over(frame);
    *record = (SelectRecord){.name = cursor_string(&cursor, LIMIT_MAILBOX_NAME)};
    record->known = cursor_u8(&cursor) == 1;
    if (record->known) {
        record->uidvalidity = cursor_u32(&cursor);
        record->modseq = modseq(&cursor);
        record->ranges = ranges_of(&cursor);
    }
    return whole(&cursor, "select", error);
}

void select_record_clear(SelectRecord *record)
{
    g_clear_pointer(&record->name, g_free);
    g_clear_pointer(&record->ranges, g_array_unref);
}

void record_put_changes(GByteArray *out, guint64 since, const NumberRange *ranges, gsize n)
{
    put_u64(out, since);
    record_put_ranges(out, ranges, n);
}

GArray *record_get_changes(const Frame *frame, guint64 *since, GError **error)
{
    Cursor cursor = over(frame);
    *since = modseq(&cursor);
    g_autoptr(GArray) ranges = ranges_of(&cursor);
    return whole(&cursor, "changes", error) ? g_steal_pointer(&ranges) : NULL;
}

static gboolean all_utf8(char *const *list)
{
    while (*list && g_utf8_validate(*list, -1, NULL))
        list++;
    return *list == NULL;
}

void record_put_changed(GByteArray *out, guint32 uid, char *const *flags)
{
    put_u32(out, uid);
    put_strings(out, flags, LIMIT_FETCH_FLAGS);
}

gboolean record_get_changed(const Frame *frame, guint32 *uid, GStrv *flags, GError **error)
{
    Cursor cursor = over(frame);
    *uid = cursor_u32(&cursor);
    *flags = strings(&cursor, LIMIT_FETCH_FLAGS, LIMIT_FETCH_FLAG);
    return whole(&cursor, "changed", error) &&
           ((*uid > 0 && all_utf8(*flags)) || malformed("changed", error));
}

void record_put_gone(GByteArray *out, guint32 first, guint32 last)
{
    put_u32(out, first);
    put_u32(out, last);
}

gboolean record_get_gone(const Frame *frame, NumberRange *gone, GError **error)
{
    Cursor cursor = over(frame);
    *gone = range(&cursor);
    return whole(&cursor, "gone", error);
}

void record_put_mailbox(GByteArray *out, const MailboxName *name)
{
    put_u8(out, name->selectable ? 1 : 0);
    put_u8(out, (guint8)name->uses);
    put_string(out, name->name);
    put_string(out, name->display);
}

gboolean record_get_mailbox(const Frame *frame, MailboxName *name, GError **error)
{
    Cursor cursor = over(frame);
    name->selectable = cursor_u8(&cursor) == 1;
    name->uses = cursor_u8(&cursor);
    name->name = cursor_string(&cursor, LIMIT_MAILBOX_NAME);
    /* Each byte may have become U+FFFD, three bytes. */
    name->display = cursor_string(&cursor, 3 * LIMIT_MAILBOX_NAME);
    return whole(&cursor, "mailbox", error) &&
           (g_utf8_validate(name->display, -1, NULL) || malformed("mailbox", error));
}

void record_put_selected(GByteArray *out, const Selected *selected)
{
    put_u32(out, selected->uidvalidity);
    put_u32(out, selected->uidnext);
    put_u32(out, selected->exists);
    put_u64(out, selected->modseq);
    put_u8(out, selected->told != FALSE);
}

gboolean record_get_selected(const Frame *frame, Selected *selected, GError **error)
{
    Cursor cursor = over(frame);
    selected->uidvalidity = cursor_u32(&cursor);
    selected->uidnext = cursor_u32(&cursor);
    selected->exists = cursor_u32(&cursor);
    selected->modseq = modseq(&cursor);
    selected->told = cursor_u8(&cursor) == 1;
    return whole(&cursor, "selected", error);
}

void record_put_listed(GByteArray *out, guint32 number, const char *uidl)
{
    put_u32(out, number);
    put_string(out, uidl);
}

gboolean record_get_listed(const Frame *frame, guint32 *number, char **uidl, GError **error)
{
    Cursor cursor = over(frame);
    *number = cursor_u32(&cursor);
    *uidl = optional(&cursor, LIMIT_UIDL);
    return whole(&cursor, "listed", error) && (*number > 0 || malformed("listed", error));
}

void record_put_sized(GByteArray *out, const Sized *sized)
{
    put_u32(out, sized->number);
    put_u64(out, sized->size);
    put_u64(out, (guint64)sized->internaldate);
}

gboolean record_get_sized(const Frame *frame, Sized *sized, GError **error)
{
    Cursor cursor = over(frame);
    sized->number = cursor_u32(&cursor);
    sized->size = cursor_u64(&cursor);
    sized->internaldate = (gint64)cursor_u64(&cursor);
    gboolean sound = sized->number > 0 && sized->size <= G_MAXINT64;
    return whole(&cursor, "sized", error) && (sound || malformed("sized", error));
}

void record_put_fetched(GByteArray *out, const Fetched *fetched)
{
    put_u32(out, fetched->number);
    put_u64(out, (guint64)fetched->internaldate);
    put_strings(out, fetched->flags, LIMIT_FETCH_FLAGS);
}

gboolean record_get_fetched(const Frame *frame, Fetched *fetched, GError **error)
{
    Cursor cursor = over(frame);
    fetched->number = cursor_u32(&cursor);
    fetched->internaldate = (gint64)cursor_u64(&cursor);
    fetched->flags = strings(&cursor, LIMIT_FETCH_FLAGS, LIMIT_FETCH_FLAG);
    gboolean sound = fetched->number > 0 && all_utf8(fetched->flags);
    return whole(&cursor, "fetched", error) && (sound || malformed("fetched", error));
}

void record_put_report(GByteArray *out, const ServerReport *report)
{
    put_u8(out, report->tls_minor);
    put_u64(out, (guint64)report->not_after);
    put_u32(out, report->abilities);
}

gboolean record_get_report(const Frame *frame, ServerReport *report, GError **error)
{
    Cursor cursor = over(frame);
    report->tls_minor = cursor_u8(&cursor);
    report->not_after = (gint64)cursor_u64(&cursor);
    report->abilities = cursor_u32(&cursor);
    if (report->tls_minor < 2 || report->tls_minor > 3 || report->not_after < 0 ||
        report->not_after > REPORT_LATEST || report->abilities & ~(guint32)SERVER_ALL)
        return malformed("report", error);
    return whole(&cursor, "report", error);
}

/* Cut on a character, so that the other end finds valid UTF-8 within its bound. */
static void put_words(GByteArray *out, const char *words)
{
    g_autofree char *valid = text_utf8(words ? words : "", -1);
    gsize size = strlen(valid);
    while (size > RECORD_WORDS)
        size = (gsize)(g_utf8_find_prev_char(valid, valid + size) - valid);
    put_block(out, valid, size);
}

void record_put_alert(GByteArray *out, const char *words)
{
    put_words(out, words);
}

char *record_get_alert(const Frame *frame, GError **error)
{
    Cursor cursor = over(frame);
    g_autofree char *words = cursor_string(&cursor, RECORD_WORDS);
    return whole(&cursor, "alert", error) ? text_field(words) : NULL;
}

void record_put_trace(GByteArray *out, const char *text)
{
    put_string(out, text);
}

char *record_get_trace(const Frame *frame, GError **error)
{
    Cursor cursor = over(frame);
    g_autofree char *text = cursor_string(&cursor, RECORD_TRACE);
    return whole(&cursor, "trace", error) ? g_steal_pointer(&text) : NULL;
}

void record_put_probe(GByteArray *out, ProbeKind kind)
{
    put_u8(out, (guint8)kind);
}

gboolean record_get_probe(const Frame *frame, ProbeKind *kind, GError **error)
{
    Cursor cursor = over(frame);
    guint8 value = cursor_u8(&cursor);
    if (value > PROBE_CLEAR)
        return malformed("probe", error);
    *kind = (ProbeKind)value;
    return whole(&cursor, "probe", error);
}

void record_put_fail(GByteArray *out, const GError *failure)
{
    put_u8(out, (guint8)postern_exit_code(failure));
    put_words(out, postern_error_rule(failure));
    put_words(out, failure->message);
    put_words(out, postern_error_mend(failure));
}

static gboolean get_failure(Cursor *cursor, GError **error)
{
    static const PosternError kinds[] = {
        POSTERN_ERROR_INPUT,     POSTERN_ERROR_UNREACHABLE, POSTERN_ERROR_BUG,
        POSTERN_ERROR_TEMPORARY, POSTERN_ERROR_PROTOCOL,    POSTERN_ERROR_LOGIN,
        POSTERN_ERROR_POLICY,
    };
    guint8 code = cursor_u8(cursor);
    g_autofree char *rule = cursor_string(cursor, RECORD_WORDS);
    g_autofree char *words = cursor_string(cursor, RECORD_WORDS);
    g_autofree char *mend = optional(cursor, RECORD_WORDS);
    if (!whole(cursor, "failure", error))
        return FALSE;
    for (gsize i = 0; i < G_N_ELEMENTS(kinds); i++)
        if (kinds[i] == code) {
            /* The child reads a hostile server: even its own words are foreign here. */
            g_autofree char *safe_rule = text_name(rule);
            g_autofree char *safe_words = text_field(words);
            g_autofree char *safe_mend = mend ? text_field(mend) : NULL;
            return refuse(error, kinds[i], safe_rule, safe_mend, "%s", safe_words);
        }
    return malformed("failure", error);
}

gboolean record_get_fail(const Frame *frame, GError **error)
{
    Cursor cursor = over(frame);
    return get_failure(&cursor, error);
}

void record_put_refused(GByteArray *out, guint n, const GError *reason)
{
    put_u16(out, (guint16)n);
    record_put_fail(out, reason);
}

gboolean record_get_refused(const Frame *frame, guint *n, GError **reason, GError **error)
{
    GError *read = NULL;
    Cursor cursor = over(frame);
    *n = cursor_u16(&cursor);
    (void)get_failure(&cursor, &read);
    int code = postern_exit_code(read);
    if (code == POSTERN_ERROR_INPUT || code == POSTERN_ERROR_TEMPORARY) {
        *reason = read;
        return TRUE;
    }
    g_clear_error(&read);
    return malformed("refusal", error);
}
