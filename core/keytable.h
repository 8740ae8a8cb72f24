/*
 * keytable — every section and key that a configuration may have, with its kind of value and
 * where it is stored. The table is the list that postern.conf(5) describes.
 */
#pragma once

#include "core/config.h"
#include "core/value.h"

typedef enum { INTO_COMPANY, INTO_ACCOUNT, INTO_SENSITIVE, INTO_TAG, INTO_CONFIG } Target;

typedef struct {
    const char *name;
    gboolean titled; /* written [name "title"] */
    Target target;
    const Key *keys;
    guint n_keys;
} Section;

/*
 * The section that HEADER, the text between the brackets, means; *title is its title (g_free)
 * or NULL. NULL when there is none.
 */
const Section *section_find(const char *header, char **title);

/* The key NAME of SECTION, or NULL. */
const Key *section_key(const Section *section, const char *name);

/* What the writer may have meant: the nearest by edit distance. A section as it is written, e.g.
 * account "NAME" (g_free). */
char *section_nearest(const char *header);
const char *section_nearest_key(const Section *section, const char *name);

/* The place of WORD among the words of a [company] key, or -1. */
int company_word(CompanyKey key, const char *word);
