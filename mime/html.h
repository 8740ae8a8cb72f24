/*
 * html — HTML as readable text: tags dropped, blocks on lines of their own, a link's target
 * after its text when the two differ. Nothing is fetched, no style is obeyed. Linear time.
 */
#pragma once

#include <glib.h>

/* HTML is valid UTF-8; so is what comes back (g_free). */
char *html_to_text(const char *html);

/* The charset that a <meta> among the first bytes names, or NULL. */
char *html_charset(const void *bytes, gsize size);
