/*
 * See guard-state.h: what changed in a mailbox, taken from the server's lines as they come.
 * VANISHED may name what was never here, and the same twice; who takes it holds it against what is
 * known.
 */
#include "net/guard-state.h"

#include <string.h>

#include "core/limits.h"
#include "core/text.h"

gboolean scan_taken(const GuardScan *scan)
{
    return (scan->expects & (SCAN_CHANGES | SCAN_SIZES)) &&
           (scan->kind == LINE_FETCH || scan->kind == LINE_VANISHED);
}

static gboolean count_change(GuardScan *scan, GError **error)
{
    return ++scan->changes <= LIMIT_SERVER_MESSAGES ||
           scan_too_much(error, "changes in a mailbox", LIMIT_SERVER_MESSAGES);
}

/* ---- flags ---- */

/* The flags of RFC 3501 are told apart without regard to case; they leave here as it writes them.
 */
static const char *known_flag(const char *name)
{
    static const char *const names[] = {"\\Answered", "\\Flagged", "\\Deleted", "\\Seen",
                                        "\\Draft"};
    for (gsize i = 0; i < G_N_ELEMENTS(names); i++)
        if (g_ascii_strcasecmp(names[i], name) == 0)
            return names[i];
    return name;
}

static void flag_ends(GuardScan *scan)
{
    const char *name = known_flag(scan->flag->str);
    gboolean recent = g_ascii_strcasecmp(name, "\\Recent") == 0; /* is of the session */
    g_autofree char *safe = text_utf8(name, -1);
    if (*name && !recent && strlen(safe) <= LIMIT_FETCH_FLAG &&
        scan->flags->len < LIMIT_FETCH_FLAGS)
        g_ptr_array_add(scan->flags, g_steal_pointer(&safe));
    g_string_truncate(scan->flag, 0);
}

void scan_flag_byte(GuardScan *scan, guint8 byte)
{
    if (byte == ' ' || byte == ')')
        flag_ends(scan);
    else if (scan->flag->len <= LIMIT_FETCH_FLAG) /* one byte over: it is left out */
        g_string_append_c(scan->flag, (char)byte);
}

static gboolean take_size(const GuardScan *scan, GError **error)
{
    const guint both = 1u << ITEM_UID | 1u << ITEM_NUMBER;
    const char *date = scan->items & 1u << ITEM_DATE ? scan->kept->str : "";
    return (scan->items & both) != both || scan->sizer == NULL ||
           scan->sizer(scan->sizer_user, scan->uid, scan->size, date, error);
}

gboolean scan_size_digit(GuardScan *scan, guint8 byte, GError **error)
{
    guint64 digit = byte - (guint64)'0';
    if (++scan->digits > SCAN_WORD)
        return scan_too_much(error, "digits of a size", SCAN_WORD);
    gboolean fits = scan->size <= (G_MAXINT64 - digit) / 10;
    scan->size = fits ? scan->size * 10 + digit : G_MAXINT64;
    return TRUE;
}

/* Without UID it was not asked for: somebody else's doing, which the next pass finds. */
gboolean scan_take_fetch(GuardScan *scan, GError **error)
{
    const guint both = 1u << ITEM_UID | 1u << ITEM_FLAGS;
    if ((scan->items & (1u << ITEM_UID)) && scan->uid == 0)
        return scan_broken(scan, error, "a UID is 0");
    if (!count_change(scan, error))
        return FALSE;
    scan->lines--;
    if (scan->expects & SCAN_SIZES)
        return take_size(scan, error);
    if ((scan->items & both) != both || scan->taker.flags == NULL)
        return TRUE;
    g_ptr_array_add(scan->flags, NULL);
    return scan->taker.flags(scan->taker.user, scan->uid, (GStrv)scan->flags->pdata, error);
}

/* ---- VANISHED ---- */

static gboolean wrong_set(const GuardScan *scan, GError **error)
{
    return scan_broken(scan, error, "VANISHED names something that is no set of UIDs");
}

/* Without (EARLIER) it happens just now: EXISTS and the mod-sequence do not know it yet. */
static gboolean range_ends(GuardScan *scan, GError **error)
{
    guint32 last = (guint32)scan->number, first = scan->ranged ? scan->first : last;
    if (scan->digits == 0 || first == 0 || last == 0)
        return wrong_set(scan, error);
    scan->ranged = FALSE;
    scan_number_clear(scan);
    if (!scan_taken(scan) || !scan->earlier || scan->taker.gone == NULL)
        return TRUE;
    return count_change(scan, error) &&
           scan->taker.gone(scan->taker.user, MIN(first, last), MAX(first, last), error);
}

static gboolean in_uids(GuardScan *scan, guint8 byte, GError **error)
{
    if (g_ascii_isdigit((char)byte))
        return scan_number_add(scan, byte, "a number", G_MAXUINT32, error);
    if (byte == ':' && scan->digits > 0 && !scan->ranged) {
        scan->ranged = TRUE;
        scan->first = (guint32)scan->number;
        scan_number_clear(scan);
        return TRUE;
    }
    if (byte != ',' && byte != '\r')
        return wrong_set(scan, error);
    return range_ends(scan, error) && (byte == ',' || scan_line_ends(scan, error));
}

static gboolean after_earlier(GuardScan *scan, guint8 byte, GError **error)
{
    scan->step = in_uids;
    return byte == ' ' || wrong_set(scan, error);
}

static gboolean in_earlier(GuardScan *scan, guint8 byte, GError **error)
{
    if (byte != ')')
        return (g_ascii_isalpha((char)byte) && scan_word_add(scan, byte)) || wrong_set(scan, error);
    scan->earlier = scan_word_is(scan, "EARLIER");
    scan->step = after_earlier;
    return scan->earlier || wrong_set(scan, error);
}

gboolean scan_vanished(GuardScan *scan, guint8 byte, GError **error)
{
    scan_word_clear(scan);
    scan_number_clear(scan);
    scan->step = byte == '(' ? in_earlier : in_uids;
    return byte == '(' || in_uids(scan, byte, error);
}

/* ---- response codes ---- */

void scan_note_code(GuardScan *scan)
{
    ScanOpened *opened = &scan->opened;
    if (scan_word_is(scan, "CLOSED"))
        *opened = (ScanOpened){.closed = TRUE};
    if (scan->digits > 0 && scan_word_is(scan, "UIDVALIDITY"))
        opened->uidvalidity = (guint32)scan->number;
    if (scan->digits > 0 && scan_word_is(scan, "UIDNEXT"))
        opened->uidnext = (guint32)scan->number;
    if (scan->digits > 0 && scan_word_is(scan, "HIGHESTMODSEQ"))
        opened->modseq = scan->number;
}
