/*
 * The scanner in front of libetpan. The first byte says what the command expects and in which
 * pieces the rest is fed; whole and in pieces must come to the same.
 */
#include <stdint.h>
#include <string.h>

#include "net/guard-scan.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static GByteArray *feed(const uint8_t *data, size_t size, size_t piece, guint expects,
                        GError **error)
{
    g_autoptr(GuardScan) scan = guard_scan_new();
    g_autoptr(GByteArray) out = g_byte_array_new();
    guard_scan_command(scan, expects);
    for (size_t at = 0; at < size; at += piece)
        if (!guard_scan_feed(scan, data + at, MIN(piece, size - at), out, error))
            return NULL;
    return g_steal_pointer(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    guint expects = data[0] & 7;
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
