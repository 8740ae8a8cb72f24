/*
 * pattern — the two kinds of pattern that a rule may hold against foreign text: globs, and regular
 * expressions (PCRE2, whose only door this is). Both are bounded in time whatever the text is.
 */
#pragma once

#include <glib.h>

/* Does GLOB (* any text, ? one character) fit the whole of TEXT? Case does not count. Both UTF-8.
 * Takes at most the product of their lengths. */
gboolean glob_match(const char *glob, const char *text);

/* A regular expression: Perl's syntax, without case, ^ and $ at each line. May be used by several
 * threads at once. */
typedef struct Pattern Pattern;
/* NULL with *why (g_free), the rest of a sentence, for text that is none. */
Pattern *pattern_new(const char *text, char **why);
void pattern_free(Pattern *pattern);

typedef enum {
    PATTERN_NO,
    PATTERN_YES,
    PATTERN_UNDECIDED, /* it would take more than LIMIT_PATTERN_STEPS, _HEAP or _MS */
} PatternAnswer;

/* Is it somewhere in TEXT, which is UTF-8? */
PatternAnswer pattern_search(const Pattern *pattern, const char *text);
