/* The search language: any bytes are a tree or a refusal. */
#include <glib.h>
#include <stdint.h>

#include "store/query.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autofree char *text = g_strndup(size > 0 ? (const char *)data : "", size);
    g_autoptr(GError) error = NULL;
    g_autoptr(Query) query = query_parse(text, 1710936000, &error);
    g_assert((query == NULL) == (error != NULL));
    return 0;
}
