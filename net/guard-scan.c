/*
 * See guard-scan.h. One function a state: it looks at one byte and names the next state. Here a
 * line begins and ends; what it holds is the matter of guard-value.c, -fetch.c and -status.c.
 *
 * libetpan reads blanks as optional, guesses at broken lines, and tries one production after
 * the other; so the grammar here is stricter than its own, and wherever the two could disagree
 * about where a string, a literal or a line ends, the line is refused.
 */
#include "net/guard-scan.h"

#include <string.h>

#include "core/limits.h"
#include "net/guard-state.h"

static gboolean at_start(GuardScan *scan, guint8 byte, GError **error);

GuardScan *guard_scan_new(void)
{
    GuardScan *scan = g_new0(GuardScan, 1);
    scan->found = g_array_new(FALSE, FALSE, sizeof(guint32));
    scan->flags = g_ptr_array_new_with_free_func(g_free);
    scan->flag = g_string_new(NULL);
    scan->prefixes = g_ptr_array_new_with_free_func(g_free);
    scan->kept = g_string_new(NULL);
    scan->step = at_start;
    return scan;
}

void guard_scan_free(GuardScan *scan)
{
    if (scan) {
        g_array_unref(scan->found);
        g_ptr_array_unref(scan->flags);
        g_string_free(scan->flag, TRUE);
        g_ptr_array_unref(scan->prefixes);
        g_string_free(scan->kept, TRUE);
        g_free(scan);
    }
}

void guard_scan_refill(GuardScan *scan)
{
    scan->reply = 0;
    scan->lines = 0;
}

static gboolean is_mute(const GuardScan *scan)
{
    return (scan->expects & SCAN_MUTE) != 0;
}

void guard_scan_command(GuardScan *scan, ScanExpects expects)
{
    guard_scan_refill(scan);
    scan->expects = expects;
    if (scan->step == at_start && scan->head_size == 0)
        scan->silent = is_mute(scan);
    scan->body_bytes = 0;
    scan->news = 0;
    scan->ended = FALSE;
    scan->opened = (ScanOpened){0};
    scan->taker = (ChangeTaker){0};
    scan->changes = 0;
    scan->status.said = SAID_NOTHING;
    scan->status.words[0] = '\0';
    g_array_set_size(scan->found, 0);
    g_ptr_array_set_size(scan->prefixes, 0);
}

void guard_scan_taker(GuardScan *scan, const ChangeTaker *taker)
{
    scan->taker = *taker;
}

void guard_scan_sizer(GuardScan *scan, SizeTaker taker, gpointer user)
{
    scan->sizer = taker;
    scan->sizer_user = user;
}

guint64 guard_scan_body_bytes(const GuardScan *scan)
{
    return scan->body_bytes;
}

GArray *guard_scan_found(GuardScan *scan)
{
    return scan->found;
}

gsize guard_scan_left(const GuardScan *scan)
{
    return scan->left;
}

gboolean guard_scan_stopped(const GuardScan *scan)
{
    return scan->ended && (scan->expects & SCAN_STOP);
}

GPtrArray *guard_scan_prefixes(GuardScan *scan)
{
    return scan->prefixes;
}

const ScanStatus *guard_scan_status(const GuardScan *scan)
{
    return &scan->status;
}

const ScanOpened *guard_scan_opened(const GuardScan *scan)
{
    return &scan->opened;
}

const ScanStatus *guard_scan_bye(const GuardScan *scan)
{
    return &scan->bye;
}

gboolean guard_scan_continued(const GuardScan *scan)
{
    return !(scan->expects & SCAN_CONTINUE);
}

guint guard_scan_news(const GuardScan *scan)
{
    return scan->news;
}

/* ---- the end of a line ---- */

static void line_over(GuardScan *scan)
{
    scan->ended = scan->ended || scan->tagged;
    scan->kind = LINE_PLAIN;
    scan->line = 0;
    scan->head_size = 0;
    scan->tagged = scan->counted = scan->body = FALSE;
    scan->silent = is_mute(scan);
    scan->depth = 0;
    scan->before = 0;
    scan->noted = NULL;
    scan->words = 0;
    scan->item = ITEM_NONE;
    scan->bodies = 0;
    scan->items = 0;
    scan->uid = 0;
    scan->size = 0;
    scan->earlier = scan->ranged = scan->keeping = FALSE;
    scan->field = 0;
    g_ptr_array_set_size(scan->flags, 0);
    g_string_truncate(scan->flag, 0);
    scan_word_clear(scan);
    scan_number_clear(scan);
    scan->step = at_start;
}

static gboolean at_line_feed(GuardScan *scan, guint8 byte, GError **error)
{
    (void)error;
    scan_emit(scan, &byte, 1);
    line_over(scan);
    return TRUE;
}

gboolean scan_line_ends(GuardScan *scan, GError **error)
{
    (void)error;
    scan_emit(scan, (const guint8 *)"\r", 1);
    scan->step = at_line_feed;
    return TRUE;
}

/* ---- the beginning of a line ---- */

/* Bytes before a line is known are held back, for it may be dropped. */
static void hold(GuardScan *scan, guint8 byte)
{
    if (scan->head_size < SCAN_HEAD)
        scan->head[scan->head_size++] = byte;
}

static gboolean is_one_of(const GuardScan *scan, const char *const *words)
{
    while (*words && !scan_word_is(scan, *words))
        words++;
    return *words != NULL;
}

/* Which untagged replies the parser sees; the number of a message may stand before the word. */
static void begin_untagged(GuardScan *scan)
{
    static const char *const plain[] = {"LIST", "FLAGS", "CAPABILITY", NULL};
    static const char *const numbered[] = {"EXISTS", "RECENT", "EXPUNGE", NULL};
    static const char *const news[] = {"EXISTS", "EXPUNGE", "VANISHED", "FETCH", NULL};
    scan->step = scan_data;
    if (scan->counted && scan_word_is(scan, "FETCH")) {
        scan->kind = LINE_FETCH;
        scan->silent = scan->silent || scan_taken(scan);
        scan->step = scan_fetch;
    } else if (!scan->counted && scan_word_is(scan, "SEARCH")) {
        scan->kind = LINE_SEARCH;
        scan->step = scan_search;
    } else if (!scan->counted && scan_word_is(scan, "VANISHED")) {
        scan->kind = LINE_VANISHED;
        scan->silent = TRUE;
        scan->step = scan_vanished;
    } else if (!scan->counted && scan_word_is(scan, "NAMESPACE")) {
        scan->silent = TRUE;
        scan->step = scan_namespace;
    } else {
        if (scan->counted && scan_word_is(scan, "EXISTS"))
            scan->opened.exists = scan->count;
        scan->silent = scan->silent || !is_one_of(scan, scan->counted ? numbered : plain);
    }
    scan->news += is_one_of(scan, news);
}

static gboolean begin_line(GuardScan *scan, GError **error)
{
    Said said = scan->counted ? SAID_NOTHING : scan_said(scan);
    if (scan->tagged && (said == SAID_NOTHING || said > SAID_BAD))
        return scan_broken(scan, error, "a tagged reply is neither OK, NO nor BAD");
    if (said != SAID_NOTHING)
        scan_begin_status(scan, said);
    else
        begin_untagged(scan);
    scan->silent = scan->silent || (!scan->tagged && (scan->expects & SCAN_QUIET));
    return TRUE;
}

/* The word before BYTE is whole. */
static gboolean keyword_ends(GuardScan *scan, guint8 byte, GError **error)
{
    if (scan->digits > 0) {
        if (byte != ' ' || scan->tagged || scan->counted)
            return scan_broken(scan, error, "a number stands where a word should");
        scan->counted = TRUE;
        scan->count = (guint32)scan->number;
        scan_word_clear(scan);
        scan_number_clear(scan);
        hold(scan, byte);
        return TRUE;
    }
    if (!begin_line(scan, error))
        return FALSE;
    scan_emit(scan, scan->head, scan->head_size);
    if (byte == '\r')
        return scan->step(scan, byte, error);
    scan->before = byte;
    scan_emit(scan, &byte, 1);
    return TRUE;
}

static gboolean in_keyword(GuardScan *scan, guint8 byte, GError **error)
{
    gboolean numeric = scan->digits == scan->word_size;
    if ((byte == ' ' || byte == '\r') && scan->word_size > 0)
        return keyword_ends(scan, byte, error);
    hold(scan, byte);
    if (g_ascii_isdigit((char)byte) && numeric)
        return scan_number_add(scan, byte, "a number", G_MAXUINT32, error) &&
               scan_word_add(scan, byte);
    scan_number_clear(scan);
    gboolean joint = scan->word_size > 0 && strchr("-._", byte);
    return ((g_ascii_isalnum((char)byte) || joint) && scan_word_add(scan, byte)) ||
           scan_broken(scan, error, "it has no first word");
}

static gboolean after_star(GuardScan *scan, guint8 byte, GError **error)
{
    hold(scan, byte);
    scan->step = in_keyword;
    return byte == ' ' || scan_broken(scan, error, "no blank after \"*\"");
}

static gboolean in_tag(GuardScan *scan, guint8 byte, GError **error)
{
    hold(scan, byte);
    if (byte == ' ') {
        scan->tagged = TRUE;
        scan->step = in_keyword;
        scan_word_clear(scan);
        return TRUE;
    }
    return (g_ascii_isalnum((char)byte) && scan_word_add(scan, byte)) ||
           scan_broken(scan, error, "it begins with no tag");
}

static gboolean begin_plus(GuardScan *scan, GError **error)
{
    if (!(scan->expects & SCAN_CONTINUE))
        return scan_broken(scan, error, "it wants more, but nothing is to follow");
    scan->expects &= ~(guint)SCAN_CONTINUE;
    scan_emit(scan, scan->head, scan->head_size);
    scan->step = scan_plus_line;
    return TRUE;
}

static gboolean at_start(GuardScan *scan, guint8 byte, GError **error)
{
    hold(scan, byte);
    if (byte == '+')
        return begin_plus(scan, error);
    if (byte == '\r') {
        scan->silent = TRUE; /* Exchange sends blank lines */
        return scan_line_ends(scan, error);
    }
    scan->step = byte == '*' ? after_star : in_tag;
    return byte == '*' || (g_ascii_isalnum((char)byte) && scan_word_add(scan, byte)) ||
           scan_broken(scan, error, "it begins with no tag");
}

/* ---- feeding ---- */

/* Limits that hold wherever a byte stands, and the only places where LF may. */
static gboolean count(GuardScan *scan, guint8 byte, GError **error)
{
    gboolean many = scan->kind == LINE_SEARCH || scan->kind == LINE_VANISHED;
    gsize limit = many ? LIMIT_SEARCH_LINE : LIMIT_LINE;
    gboolean due = scan->step == at_line_feed || scan->step == scan_at_literal;
    if (due != (byte == '\n'))
        return scan_broken(scan, error, "CR and LF do not stand together");
    if (byte == '\0')
        return scan_broken(scan, error, "it holds a NUL");
    if (++scan->line > limit)
        return scan_too_much(error, "a line", limit);
    if (scan_taken(scan))
        scan->body_bytes++;
    else if (++scan->reply > LIMIT_REPLY)
        return scan_too_much(error, "a reply", LIMIT_REPLY);
    if (scan->step == at_start && ++scan->lines > LIMIT_UNTAGGED)
        return scan_too_much(error, "lines", LIMIT_UNTAGGED);
    return TRUE;
}

static gboolean pass_literal(GuardScan *scan, const guint8 *data, gsize size, GError **error)
{
    guint start = scan->out->len;
    scan_emit(scan, data, size);
    scan->literal -= size;
    if (scan->body) {
        scan->body_bytes += size;
        return TRUE;
    }
    for (guint i = start; i < scan->out->len; i++)
        if (scan->out->data[i] == '\0')
            scan->out->data[i] = '\n';
    scan->reply += size;
    return scan->reply <= LIMIT_REPLY || scan_too_much(error, "a reply", LIMIT_REPLY);
}

gboolean guard_scan_feed(GuardScan *scan, const guint8 *data, gsize size, GByteArray *out,
                         GError **error)
{
    scan->out = out;
    for (gsize taken; size > 0 && !guard_scan_stopped(scan); data += taken, size -= taken) {
        taken = scan->literal > 0 ? MIN(size, scan->literal) : 1;
        if (scan->literal > 0) {
            if (!pass_literal(scan, data, taken, error))
                return FALSE;
        } else if (!count(scan, *data, error) || !scan->step(scan, *data, error)) {
            return FALSE;
        }
    }
    scan->left = size;
    return TRUE;
}
