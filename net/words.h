/* words — what a server said, fit for one of our sentences: bounded, valid UTF-8, harmless. */
#pragma once

#include <glib.h>

/* The caller's (g_free). */
char *server_words(const char *bytes, gsize size);
