/* See guard-state.h: status lines, with the server's words kept for sentences of ours. */
#include "net/guard-state.h"

#include <string.h>

#include "core/limits.h"

Said scan_said(const GuardScan *scan)
{
    static const char *const names[] = {[SAID_OK] = "OK",
                                        [SAID_NO] = "NO",
                                        [SAID_BAD] = "BAD",
                                        [SAID_BYE] = "BYE",
                                        [SAID_PREAUTH] = "PREAUTH"};
    for (Said said = SAID_OK; said <= SAID_PREAUTH; said++)
        if (scan_word_is(scan, names[said]))
            return said;
    return SAID_NOTHING;
}

void scan_begin_status(GuardScan *scan, Said said)
{
    scan->step = scan_status_line;
    scan->alerting = FALSE;
    if (said == SAID_BYE)
        scan->noted = &scan->bye;
    else if (scan->tagged || said == SAID_PREAUTH)
        scan->noted = &scan->status;
    if (scan->noted) {
        scan->noted->said = said;
        scan->noted->words[0] = '\0';
    }
}

static gboolean pass(GuardScan *scan, guint8 byte)
{
    if (scan->alerting && scan->alert_size < SCAN_WORDS) {
        scan->alert[scan->alert_size++] = (char)byte;
        scan->alert[scan->alert_size] = '\0';
    }
    if (scan->noted && scan->words < SCAN_WORDS) {
        scan->noted->words[scan->words++] = (char)byte;
        scan->noted->words[scan->words] = '\0';
    }
    scan_emit(scan, &byte, 1);
    return TRUE;
}

static gboolean ends_wordless(GuardScan *scan, GError **error)
{
    static const char filler[] = " (no words)";
    scan_emit(scan, (const guint8 *)filler, sizeof filler - 1);
    return scan_line_ends(scan, error);
}

static gboolean in_words(GuardScan *scan, guint8 byte, GError **error)
{
    return byte == '\r' ? scan_line_ends(scan, error) : pass(scan, byte);
}

static gboolean after_code(GuardScan *scan, guint8 byte, GError **error)
{
    if (byte == '\r')
        return ends_wordless(scan, error);
    if (byte != ' ')
        scan->step = in_words;
    return pass(scan, byte);
}

/* Codes whose numbers libetpan reads, and how large they may be; 0 for the others. */
static guint64 code_max(const GuardScan *scan)
{
    static const char *const narrow[] = {"UIDNEXT", "UIDVALIDITY", "UNSEEN", "APPENDUID",
                                         "COPYUID"};
    for (gsize i = 0; i < G_N_ELEMENTS(narrow); i++)
        if (scan_word_is(scan, narrow[i]))
            return G_MAXUINT32;
    return scan_word_is(scan, "HIGHESTMODSEQ") ? G_MAXINT64 : 0;
}

static gboolean in_code_value(GuardScan *scan, guint8 byte, GError **error)
{
    guint64 max = code_max(scan);
    if (byte == '\r')
        return scan_broken(scan, error, "a response code is never closed");
    if (byte == '{')
        return scan_broken(scan, error, "a literal in a response code");
    if (!g_ascii_isdigit((char)byte))
        scan_number_clear(scan);
    else if (max > 0 && !scan_number_add(scan, byte, "a number", max, error))
        return FALSE;
    scan_note_code(scan);
    if ((byte == '(' || byte == '[') && !scan_open_bracket(scan, error))
        return FALSE;
    if (byte == ')' && scan->depth > 0)
        scan->depth--;
    if (byte == ']')
        scan->step = after_code;
    return pass(scan, byte);
}

static gboolean in_code(GuardScan *scan, guint8 byte, GError **error)
{
    if (byte == ' ' || byte == ']') {
        /* Never asked for, and libetpan frees its list twice. */
        if (scan_word_is(scan, "BADCHARSET"))
            return scan_broken(scan, error, "it minds a character set, but none was named");
        scan->alerting = scan->noted == NULL && !scan->alerted && scan_word_is(scan, "ALERT");
        scan->alerted = scan->alerted || scan->alerting;
        scan->step = in_code_value;
        return in_code_value(scan, byte, error);
    }
    if (!g_ascii_isgraph((char)byte) || strchr("({[\"", byte) || !scan_word_add(scan, byte))
        return scan_broken(scan, error, "a response code without a name");
    return pass(scan, byte);
}

gboolean scan_status_line(GuardScan *scan, guint8 byte, GError **error)
{
    if (byte == '\r')
        return ends_wordless(scan, error);
    scan_word_clear(scan);
    if (byte == ' ') {
        scan_emit(scan, &byte, 1);
        return TRUE;
    }
    scan->step = byte == '[' ? in_code : in_words;
    return pass(scan, byte);
}

gboolean scan_plus_line(GuardScan *scan, guint8 byte, GError **error)
{
    if (byte != ' ' && byte != '\r')
        return scan_broken(scan, error, "no blank after \"+\"");
    scan->step = in_words;
    return in_words(scan, byte, error);
}

const char *guard_scan_alert(GuardScan *scan)
{
    if (!scan->alerted)
        return NULL;
    scan->alerted = scan->alerting = FALSE;
    scan->alert_size = 0;
    const char *words = strchr(scan->alert, ']');
    return words && words[1] == ' ' ? words + 2 : "";
}
