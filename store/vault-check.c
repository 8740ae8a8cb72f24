/* See vault-check.h. */
#include "store/vault-check.h"

#include "core/error.h"
#include "core/text.h"
#include "store/vault-sql.h"

#define FAULTS_SHOWN 20
#define QUOTED(number) #number
#define AS_TEXT(number) QUOTED(number)

static int add_row(void *faults, int columns, char **values, char **names)
{
    (void)names;
    if (columns > 0 && g_strcmp0(values[0], "ok") != 0)
        g_ptr_array_add(faults, text_field(values[0] ? values[0] : ""));
    return 0;
}

static int add_orphan(void *faults, int columns, char **values, char **names)
{
    (void)names;
    if (columns >= 3)
        g_ptr_array_add(faults, g_strdup_printf("row %s of %s belongs to a row of %s that is gone",
                                                values[1], values[0], values[2]));
    return 0;
}

gboolean vault_check(Vault *vault, GPtrArray *faults, GError **error)
{
    int rc = sqlite3_exec(vault->db, "PRAGMA integrity_check(" AS_TEXT(FAULTS_SHOWN) ")", add_row,
                          faults, NULL);
    if (rc == SQLITE_OK)
        rc = sqlite3_exec(vault->db, "PRAGMA foreign_key_check", add_orphan, faults, NULL);
    if (rc == SQLITE_OK)
        return TRUE;
    g_autoptr(GError) failure = NULL;
    vault_failed(vault->db, vault->dir, &failure);
    if (g_strcmp0(postern_error_rule(failure), "vault.damage") == 0) {
        g_ptr_array_add(faults, g_strdup(sqlite3_errstr(rc)));
        return TRUE;
    }
    g_propagate_error(error, g_steal_pointer(&failure));
    return FALSE;
}
