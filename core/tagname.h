/* tagname — what a tag of the user's own may be called, so that `tag:` can name it, and nobody
 * takes it for what a server says. */
#pragma once

#include <glib.h>

/* [tag "NAME"] of a configuration: new mail that its query finds gets the tag. */
typedef struct {
    char *name;
    char *query; /* as written */
    guint line;  /* of the file, where the query stands */
} TagRule;

/*
 * NAME composed (NFC; g_free). 64 "tag.name": empty, longer than LIMIT_TAG bytes, not UTF-8, with a
 * quotation mark or a character that cannot be seen, with blanks at an end or two in a row, or with
 * "-", "+" or "\" in front. 64 "tag.reserved": it stands for a flag of the server, or Postern sets it.
 */
char *tagname_check(const char *name, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* In any case, as `tag:` compares. */
gboolean tagname_reserved(const char *name);
