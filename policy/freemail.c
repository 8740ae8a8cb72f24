/* See endpoint.h. The list is made from data/freemail.txt when building. */
#include <libpsl.h>
#include <stdlib.h>
#include <string.h>

#include "policy/domain.h"
#include "policy/endpoint.h"

/* In the order of strcmp(): domains, and "name.*" for NAME under any public suffix. */
static const char *const providers[] = {
#include "policy/freemail-list.h"
};

static int compare(const void *key, const void *element)
{
    return strcmp(key, *(const char *const *)element);
}

static gboolean is_listed(const char *name)
{
    return bsearch(name, providers, G_N_ELEMENTS(providers), sizeof *providers, compare) != NULL;
}

gboolean freemail_domain(const char *domain)
{
    g_autofree char *ascii = domain_ascii(domain);
    if (ascii == NULL)
        return FALSE;
    for (const char *parent = ascii; parent; parent = strchr(parent, '.')) {
        parent += *parent == '.';
        if (is_listed(parent))
            return TRUE;
    }
    const char *registrable = psl_registrable_domain(psl_builtin(), ascii);
    if (registrable == NULL)
        return FALSE;
    g_autofree char *label = g_strndup(registrable, strcspn(registrable, "."));
    g_autofree char *anywhere = g_strconcat(label, ".*", NULL);
    return is_listed(anywhere);
}
