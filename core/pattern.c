/* See pattern.h. */
#include "core/pattern.h"

#include <string.h>
#include <time.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "core/limits.h"

/* --- globs --------------------------------------------------------------------------------- */

/* A star that does not fit is only ever moved on, never an earlier one: the first place where the
 * piece behind a star fits is as good as any other. */
static gboolean fits(const char *glob, const char *text)
{
    const char *star = NULL, *again = NULL;
    while (*text) {
        if (*glob == '*') {
            star = ++glob;
            again = text;
        } else if (*glob == '?') {
            glob++;
            text = g_utf8_next_char(text);
        } else if (*glob == *text) {
            glob++;
            text++;
        } else if (star) {
            glob = star;
            text = again = g_utf8_next_char(again);
        } else {
            return FALSE;
        }
    }
    return glob[strspn(glob, "*")] == '\0';
}

gboolean glob_match(const char *glob, const char *text)
{
    g_autofree char *folded_glob = g_utf8_casefold(glob, -1);
    g_autofree char *folded_text = g_utf8_casefold(text, -1);
    return fits(folded_glob, folded_text);
}

/* --- regular expressions ------------------------------------------------------------------- */

#define FEW_STARTS 64      /* of one call, while each of them may take long */
#define SHORT_CALL_US 1000 /* after a call as short as this the next may try twice as many */
#define WHY 128

struct Pattern {
    pcre2_code *code;
};

static char *reason_of(int failure, gsize at)
{
    PCRE2_UCHAR reason[WHY];
    pcre2_get_error_message(failure, reason, sizeof reason);
    return g_strdup_printf("is no regular expression: %s, behind its first %" G_GSIZE_FORMAT
                           " bytes",
                           (const char *)reason, at);
}

Pattern *pattern_new(const char *text, char **why)
{
    const guint32 options = PCRE2_UTF | PCRE2_UCP | PCRE2_CASELESS | PCRE2_MULTILINE |
                            PCRE2_NEVER_BACKSLASH_C | PCRE2_USE_OFFSET_LIMIT;
    int failure;
    gsize at;
    pcre2_code *code =
        pcre2_compile((PCRE2_SPTR)text, PCRE2_ZERO_TERMINATED, options, &failure, &at, NULL);
    if (code == NULL) {
        *why = reason_of(failure, at);
        return NULL;
    }
    Pattern *pattern = g_new0(Pattern, 1);
    pattern->code = code;
    return pattern;
}

void pattern_free(Pattern *pattern)
{
    if (pattern == NULL)
        return;
    pcre2_code_free(pattern->code);
    g_free(pattern);
}

static gint64 cpu_us(void)
{
    struct timespec used = {0};
    (void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
    return (gint64)used.tv_sec * G_USEC_PER_SEC + used.tv_nsec / 1000;
}

/* The library counts its steps anew at each place where a match may begin, and no step is counted
 * for a run of characters of one kind: so only so many places are tried at a time, and between
 * them the clock of this thread is looked at. */
static PatternAnswer search(const Pattern *pattern, const char *text, pcre2_match_data *found,
                            pcre2_match_context *bounds)
{
    gsize size = strlen(text), starts = FEW_STARTS;
    gint64 began = cpu_us(), before = began;
    for (gsize at = 0; at <= size;) {
        gsize last = MIN(at + starts, size);
        while (last < size && ((guint8)text[last] & 0xc0) == 0x80) /* within a character */
            last++;
        pcre2_set_offset_limit(bounds, last);
        int rc = pcre2_match(pattern->code, (PCRE2_SPTR)text, size, at,
                             at > 0 ? PCRE2_NO_UTF_CHECK : 0, found, bounds);
        if (rc != PCRE2_ERROR_NOMATCH)
            return rc >= 0 ? PATTERN_YES : PATTERN_UNDECIDED;
        gint64 now = cpu_us();
        if (now - began > LIMIT_PATTERN_MS * 1000 && last < size)
            return PATTERN_UNDECIDED;
        starts = now - before < SHORT_CALL_US ? starts * 2 : FEW_STARTS;
        before = now;
        at = last < size ? last : size + 1;
    }
    return PATTERN_NO;
}

PatternAnswer pattern_search(const Pattern *pattern, const char *text)
{
    pcre2_match_data *found = pcre2_match_data_create(1, NULL);
    pcre2_match_context *bounds = pcre2_match_context_create(NULL);
    PatternAnswer answer = PATTERN_UNDECIDED;
    if (found && bounds) {
        pcre2_set_match_limit(bounds, LIMIT_PATTERN_STEPS);
        pcre2_set_heap_limit(bounds, LIMIT_PATTERN_HEAP / 1024);
        answer = search(pattern, text, found, bounds);
    }
    pcre2_match_context_free(bounds);
    pcre2_match_data_free(found);
    return answer;
}
