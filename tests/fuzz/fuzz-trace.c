/*
 * A transcript of any bytes: printable ASCII, short lines, and the same however the bytes are cut. No word
 * of more than the longest of the protocols' stands in it.
 */
#include <stdint.h>
#include <string.h>

#include "net/trace.h"

#define LONGEST_WORD 200 /* a set of numbers */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void note(gpointer user, const char *text)
{
    gsize length = strlen(text);
    g_assert(length <= TRACE_LINE);
    for (gsize i = 0; i < length; i++)
        g_assert(text[i] >= ' ' && text[i] <= '~');
    g_assert(strcspn(text, " ()[]{}<>") <= LONGEST_WORD);
    g_string_append_printf(user, "%s\n", text);
}

static GString *transcript(const uint8_t *data, size_t size, size_t piece)
{
    GString *told = g_string_new(NULL);
    g_autoptr(Trace) trace = trace_new(note, told);
    for (size_t at = 0; at < size; at += piece)
        trace_imap(trace, data + at, MIN(piece, size - at));
    return told;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    GString *whole = transcript(data, size, size + 1), *cut = transcript(data, size, 3);
    g_assert(g_string_equal(whole, cut));
    g_string_free(whole, TRUE);
    g_string_free(cut, TRUE);
    GString *told = g_string_new(NULL);
    g_autoptr(Trace) trace = trace_new(note, told);
    trace_client(trace, data, size);
    trace_server(trace, data, size);
    g_string_free(told, TRUE);
    return 0;
}
