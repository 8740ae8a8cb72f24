/*
 * The scanner in front of libetpan. The first byte says what the command expects and in which
 * pieces the rest is fed; whole and in pieces must come to the same.
 */
#include <stdint.h>
#include <string.h>

#include "core/limits.h"
#include "net/guard-scan.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static gboolean flags(gpointer user, guint32 uid, GStrv list, GError **error)
{
    (void)user;
    (void)error;
    for (char **flag = list; *flag; flag++)
        if (!g_utf8_validate(*flag, -1, NULL) || strlen(*flag) > LIMIT_FETCH_FLAG)
            g_error("a bad flag was handed on");
    if (uid == 0 || g_strv_length(list) > LIMIT_FETCH_FLAGS)
        g_error("UID 0 or too many flags");
    return TRUE;
}

static gboolean gone(gpointer user, guint32 first, guint32 last, GError **error)
{
    (void)user;
    (void)error;
    if (first == 0 || first > last)
        g_error("a bad range was handed on");
    return TRUE;
}

static gboolean sized(gpointer user, guint32 uid, guint64 size, const char *date, GError **error)
{
    (void)user;
    (void)error;
    if (uid == 0 || size > G_MAXINT64 || date == NULL)
        g_error("a bad size was handed on");
    return TRUE;
}

static const ChangeTaker taker = {flags, gone, NULL};

static GByteArray *feed(const uint8_t *data, size_t size, size_t piece, guint expects,
                        GError **error)
{
    g_autoptr(GuardScan) scan = guard_scan_new();
    g_autoptr(GByteArray) out = g_byte_array_new();
    guard_scan_command(scan, expects);
    guard_scan_taker(scan, &taker);
    guard_scan_sizer(scan, sized, NULL);
    for (size_t at = 0; at < size; at += piece)
        if (!guard_scan_feed(scan, data + at, MIN(piece, size - at), out, error))
            return NULL;
    return g_steal_pointer(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    static const guint own[] = {0, 0, SCAN_CHANGES | SCAN_QUIET, SCAN_SIZES | SCAN_QUIET};
    guint expects = (data[0] & 7) | own[data[0] >> 6];
    size_t piece = 1 + (data[0] >> 3);
    g_autoptr(GError) one = NULL, other = NULL;
    g_autoptr(GByteArray) whole = feed(data + 1, size - 1, MAX(size, 2) - 1, expects, &one);
    g_autoptr(GByteArray) pieces = feed(data + 1, size - 1, piece, expects, &other);
    if ((whole == NULL) != (pieces == NULL) || (whole == NULL) == (one == NULL))
        g_error("cut at %zu, the scanner thinks otherwise", piece);
    if (one && strcmp(one->message, other->message) != 0)
        g_error("cut at %zu: \"%s\" or \"%s\"", piece, one->message, other->message);
    if (whole && (whole->len != pieces->len ||
                  (whole->len > 0 && memcmp(whole->data, pieces->data, whole->len) != 0)))
        g_error("cut at %zu, something else passes", piece);
    return 0;
}
