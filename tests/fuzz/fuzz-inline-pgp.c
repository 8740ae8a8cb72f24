/* A text with OpenPGP in it: its spans are all of it, and each stands for itself. */
#include <glib.h>
#include <stdint.h>
#include <string.h>

#include "crypto/inline-pgp.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static gboolean begins(const char *text, gsize size, const char *line)
{
    return size >= strlen(line) && memcmp(text, line, strlen(line)) == 0;
}

static void must_begin_as_its_kind(const char *text, gsize size, SpanKind kind)
{
    const char *line =
        kind == SPAN_SIGNED ? "-----BEGIN PGP SIGNED MESSAGE-----" : "-----BEGIN PGP MESSAGE-----";
    if (!begins(text, size, line))
        g_error("a span begins elsewhere");
}

/* Cut out of the text, it is the same span: what stands around it decides nothing. */
static void must_stand_alone(const char *text, const Span *span)
{
    g_autofree char *cut = g_memdup2(text + span->start, span->end - span->start);
    Span whole = {SPAN_PLAIN, 0, 0};
    gsize size = span->end - span->start;
    if (inline_pgp_whole(cut, size, &whole) != span->kind || whole.start != 0 || whole.end != size)
        g_error("a span alone is another one");
    must_begin_as_its_kind(cut, size, span->kind);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    /* An exact copy, so that a sanitizer sees a read past the end. */
    g_autofree char *copy = g_memdup2(data, size);
    const char *text = copy ? copy : "";
    gboolean malformed;
    gsize at = 0;
    SpanKind before = SPAN_SIGNED;
    g_autoptr(GArray) spans = inline_pgp_spans(text, size, &malformed);
    for (guint i = 0; i < spans->len; i++) {
        const Span *span = &g_array_index(spans, Span, i);
        if (span->start != at || span->end <= at || span->end > size)
            g_error("a gap, or an overlap");
        if (span->kind == SPAN_PLAIN && before == SPAN_PLAIN)
            g_error("two plain spans in a row");
        if (span->kind != SPAN_PLAIN)
            must_stand_alone(text, span);
        before = span->kind;
        at = span->end;
    }
    if (at != size)
        g_error("the text ends before its end");
    return 0;
}
