/*
 * text — what may reach a terminal.
 *
 * Every string that came from mail, a server, a key or a command line passes one of these
 * before it is printed. They never fail: what is harmful becomes visible. Strings returned
 * are the caller's (g_free) and valid UTF-8.
 */
#pragma once

#include <glib.h>

/* Valid UTF-8 of SIZE bytes (-1: up to NUL): each invalid byte and NUL becomes U+FFFD. */
char *text_utf8(const char *bytes, gssize size);

/*
 * One field on one line: C0, C1, DEL, line and paragraph separators become visible marks
 * (U+2400 block and the like), bidi overrides, embeddings and stray isolates are removed and
 * marked with U+FFFD, white space is folded, and the whole is isolated (FSI … PDI) when it
 * holds any right-to-left character.
 */
char *text_field(const char *string);

/* As text_field(), with ZWJ, ZWNJ and other invisible characters marked too: addresses, hosts,
 * file names. */
char *text_name(const char *string);

/* As text_name(), and one word to a shell: for commands that are shown to be copied. */
char *text_word(const char *string);

/* A domain as text_name(), with A-labels in place of labels that mix scripts ("соrp.example" half
 * in Cyrillic); and "local@domain" so. */
char *text_domain(const char *domain);
char *text_address(const char *address);

/* Are the letters of LABEL (UTF-8) of one script, or of some that are written together? */
gboolean text_one_script(const char *label);

/* A body: as text_field() line by line, keeping LF and TAB. */
char *text_body(const char *string);

/* Columns a string takes on a terminal (wide and zero-width characters counted as such). */
guint text_width(const char *string);

/* At most COLUMNS columns, cut on a character with "…" when it is longer. */
char *text_fit(const char *string, guint columns);

/* The lines of STRING (UTF-8, made safe before), each cut into pieces of at most COLUMNS columns, so that
 * no terminal cuts them and begins a line where nobody sees that it goes on; a TAB counts as eight.
 * COLUMNS 0 cuts nothing. NULL-terminated (g_strfreev). */
char **text_wrap(const char *string, guint columns);

/* "17 messages", "1 message": the number and the noun. */
char *text_count(guint64 n, const char *singular, const char *plural);
