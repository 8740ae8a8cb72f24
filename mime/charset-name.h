/*
 * charset-name — what mail calls a character set, and what it is. Nobody keeps to the register, so
 * cases, blanks, quotation marks, "x-" and all ways to part letters from digits are passed over.
 */
#pragma once

#define CHARSET_UTF8 "UTF-8"

/* A name of a fixed list, to be given to iconv; NULL for ASCII, for nothing and for what is
 * unknown. */
const char *charset_name(const char *label);
