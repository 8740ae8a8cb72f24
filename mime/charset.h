/*
 * charset — bytes in a named character set, made UTF-8. Names come from hostile mail, so only
 * those of a list are ever handed to iconv: never one with "//TRANSLIT" or a slash, and none of
 * the sets whose converters have had memory faults (ISO-2022-CN-EXT, CVE-2024-2961).
 */
#pragma once

#include <glib.h>

/*
 * Valid UTF-8 without NUL, whatever comes in. What does not decode becomes U+FFFD. LABEL NULL, one
 * that charset-name.h does not know, or "us-ascii" with bytes above 127: UTF-8 when the bytes are
 * that, else windows-1252.
 */
char *charset_to_utf8(const char *label, const void *bytes, gsize size);
