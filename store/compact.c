/* store_room(): how large the store is. See compact.h. */
#include "store/compact.h"

#include <glib/gstdio.h>

static guint64 size_of(const char *dir, const char *name)
{
    GStatBuf facts;
    g_autofree char *path = g_build_filename(dir, name, NULL);
    return g_stat(path, &facts) == 0 ? (guint64)facts.st_size : 0;
}

StoreRoom store_room(const char *dir)
{
    return (StoreRoom){size_of(dir, "vault.db") + size_of(dir, "vault.db-wal"),
                       size_of(dir, "index.db") + size_of(dir, "index.db-wal")};
}
