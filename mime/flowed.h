/*
 * flowed — text whose long lines travel as several (RFC 3676): a line that ends with a space goes on
 * in the next one, a space at the head of an unquoted line is not the text's, and quotes go on at
 * their own depth alone. A patch, a signed text and one with blanks at line ends stay as they are:
 * flowing must not change a byte.
 */
#pragma once

#include <glib.h>

/* TEXT (UTF-8, LF) with its lines of more than 78 characters broken, so that flowed_read() gives it
 * back; NULL when there is none of these, or it must not be touched (g_free). */
char *flowed_write(const char *text);

/* The text (UTF-8, LF) that somebody so wrote; DELSP: the space at which a line goes on is not the
 * text's either (4.1). Never longer than TEXT (g_free). */
char *flowed_read(const char *text, gboolean delsp);
