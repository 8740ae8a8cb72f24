/* html-entity — character references: the named ones that mail uses, and numbers. */
#pragma once

#include <glib.h>

/*
 * Reads the reference that starts at TEXT (an ampersand) into UTF8, NUL-terminated. Returns the
 * bytes used, 0 when it is none. No-break space becomes a blank, soft hyphen and zero-width
 * space become "".
 */
gsize html_entity(const char *text, char utf8[static 8]);
