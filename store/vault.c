/* See vault.h: making, opening and closing a vault, and its login secrets. */
#include "store/vault.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#include "core/base32.h"
#include "core/error.h"
#include "core/paths.h"
#include "core/text.h"
#include "store/files.h"
#include "store/vault-match.h"
#include "store/vault-names.h"
#include "store/vault-schema.h"
#include "store/vault-sql.h"

#define FILE_NAME "vault.db"
#define SUFFIX_BYTES 10 /* random, of the name a new vault is made under */

/* Absolute, so that no name can be taken for a URI. */
static char *file_path(const char *dir)
{
    g_autofree char *whole = g_canonicalize_filename(dir, NULL);
    return g_build_filename(whole, FILE_NAME, NULL);
}

static gboolean is_there(const char *path)
{
    GStatBuf facts;
    return g_lstat(path, &facts) == 0;
}

gboolean vault_exists(const char *dir)
{
    g_autofree char *path = file_path(dir);
    return is_there(path);
}

static Vault *vault_new(const char *dir)
{
    Vault *vault = g_new0(Vault, 1);
    vault->dir = g_canonicalize_filename(dir, NULL);
    return vault;
}

void vault_close(Vault *vault)
{
    if (vault == NULL)
        return;
    for (int i = 0; i < SQL_STATEMENTS; i++)
        sqlite3_finalize(vault->statements[i]);
    sqlite3_close(vault->db);
    batch_key_free(vault->opened_key);
    g_clear_pointer(&vault->wrapped_private, g_bytes_unref);
    g_clear_pointer(&vault->match_copy, g_bytes_unref);
    g_free(vault->dir);
    g_free(vault);
}

static gboolean connect_to(Vault *vault, const char *path, GError **error)
{
    int rc = sqlite3_open_v2(path, &vault->db,
                             SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX |
                                 SQLITE_OPEN_PRIVATECACHE | SQLITE_OPEN_EXRESCODE,
                             "unix");
    return rc == SQLITE_OK || vault_failed(vault->db, vault->dir, error);
}

/* --- making -------------------------------------------------------------------------------- */

/* What the one row of `meta` is made of. */
typedef struct {
    const guint8 *id, *public_key;
    GBytes *wrapped_private, *match_copy;
    guint8 match_check[MAC_SIZE];
} Meta;

static gboolean fill(Vault *vault, const Meta *meta, GError **error)
{
    if (vault_schema_make(vault->db) != SQLITE_OK)
        return vault_failed(vault->db, vault->dir, error);
    sqlite3_stmt *statement = vault_sql(vault, SQL_SET_META, error);
    if (statement == NULL)
        return FALSE;
    gsize size, copy_size;
    const void *wrapped = g_bytes_get_data(meta->wrapped_private, &size);
    const void *copy = g_bytes_get_data(meta->match_copy, &copy_size);
    sql_blob(statement, 1, meta->id, VAULT_ID_SIZE);
    sql_blob(statement, 2, meta->public_key, KEY_SIZE);
    sql_blob(statement, 3, wrapped, size);
    sql_blob(statement, 4, copy, copy_size);
    sql_blob(statement, 5, meta->match_check, MAC_SIZE);
    return sql_done(vault, statement, error);
}

static gboolean make(const char *path, const char *dir, const Meta *meta, GError **error)
{
    if (!store_file_make(path, POSTERN_ERROR_CREATE, "vault.create", error))
        return FALSE;
    g_autoptr(Vault) vault = vault_new(dir);
    if (!connect_to(vault, path, error) || !fill(vault, meta, error))
        return FALSE;
    /* Closing would do this too, and say nothing when it fails. */
    int rc = sqlite3_wal_checkpoint_v2(vault->db, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
    return rc == SQLITE_OK || vault_failed(vault->db, dir, error);
}

static gboolean sync_directory(const char *dir)
{
    int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    gboolean synced = fd >= 0 && fsync(fd) == 0;
    if (fd >= 0)
        (void)close(fd);
    return synced;
}

static void remove_all(const char *path)
{
    static const char *const endings[] = {"", "-wal", "-shm", "-journal"};
    for (gsize i = 0; i < G_N_ELEMENTS(endings); i++) {
        g_autofree char *file = g_strconcat(path, endings[i], NULL);
        (void)g_unlink(file);
    }
}

/* Neither a vault nor the log of one may lie there: SQLite would replay the log into ours. */
static gboolean is_free(const char *path, const char *dir, GError **error)
{
    g_autofree char *log = g_strconcat(path, "-wal", NULL);
    if (!is_there(path) && !is_there(log))
        return TRUE;
    g_autofree char *shown = text_name(dir);
    return refuse(error, POSTERN_ERROR_CREATE, "vault.create",
                  "use it, or name another folder with --store", "there is a vault in %s already",
                  shown);
}

/* Made under another name and linked to its own when it is whole and on the disk. */
gboolean vault_create(const char *dir, const guint8 vault_id[static VAULT_ID_SIZE],
                      const guint8 vault_public[static KEY_SIZE], GBytes *wrapped_private,
                      const Secret *match_key, GError **error)
{
    g_autofree char *path = file_path(dir);
    g_autoptr(GBytes) match_copy = match_seal(vault_id, vault_public, match_key, error);
    if (match_copy == NULL || !path_private_directory(dir, error) || !is_free(path, dir, error))
        return FALSE;
    Meta meta = {vault_id, vault_public, wrapped_private, match_copy, {0}};
    match_check_value(match_key, meta.match_check);
    guint8 random[SUFFIX_BYTES];
    random_bytes(random, sizeof random);
    g_autofree char *suffix = base32_encode(random, sizeof random);
    g_autofree char *fresh = g_strdup_printf("%s.%s", path, suffix);
    gboolean made = make(fresh, dir, &meta, error);
    gboolean linked = made && link(fresh, path) == 0 && sync_directory(dir);
    int reason = errno;
    remove_all(fresh);
    if (linked || !made)
        return linked;
    g_autofree char *shown = text_name(path);
    return refuse(error, POSTERN_ERROR_CREATE, "vault.create",
                  "see that the disk has room and no other init runs", "%s cannot be made: %s",
                  shown, g_strerror(reason));
}

/* --- opening ------------------------------------------------------------------------------- */

static GBytes *column_bytes(sqlite3_stmt *statement, int n)
{
    return g_bytes_new(sqlite3_column_blob(statement, n),
                       (gsize)sqlite3_column_bytes(statement, n));
}

static gboolean read_meta(Vault *vault, GError **error)
{
    gboolean row;
    sqlite3_stmt *statement = vault_sql(vault, SQL_META, error);
    if (statement == NULL || !sql_row(vault, statement, &row, error))
        return FALSE;
    const guint8 *id = row ? sql_column(statement, 0, VAULT_ID_SIZE) : NULL;
    const guint8 *public_key = row ? sql_column(statement, 1, KEY_SIZE) : NULL;
    const guint8 *match_check = row ? sql_column(statement, 4, MAC_SIZE) : NULL;
    if (id && public_key && match_check) {
        memcpy(vault->id, id, VAULT_ID_SIZE);
        memcpy(vault->public_key, public_key, KEY_SIZE);
        memcpy(vault->match_check, match_check, MAC_SIZE);
        vault->wrapped_private = column_bytes(statement, 2);
        vault->match_copy = column_bytes(statement, 3);
    }
    sqlite3_reset(statement);
    return vault->wrapped_private || vault_damaged(vault, "it does not say whose it is", error);
}

Vault *vault_open(const char *dir, GError **error)
{
    g_autofree char *path = file_path(dir);
    if (!is_there(path)) {
        g_autofree char *shown = text_name(dir);
        refuse(error, POSTERN_ERROR_STORE, "vault.read",
               "run 'postern init', or name the folder with --store", "there is no vault in %s",
               shown);
        return NULL;
    }
    if (!path_private_directory(dir, error) ||
        !store_file_private(path, POSTERN_ERROR_STORE, "vault.read", error))
        return NULL;
    g_autoptr(Vault) vault = vault_new(dir);
    if (connect_to(vault, path, error) && vault_schema_check(vault->db, dir, error) &&
        read_meta(vault, error))
        return g_steal_pointer(&vault);
    return NULL;
}

const guint8 *vault_id(const Vault *vault)
{
    return vault->id;
}

const guint8 *vault_public_key(const Vault *vault)
{
    return vault->public_key;
}

GBytes *vault_wrapped_private(const Vault *vault)
{
    return vault->wrapped_private;
}

/* --- login secrets ------------------------------------------------------------------------- */

gboolean vault_put_secret(Vault *vault, const Secret *match_key, const char *account,
                          GBytes *sealed, GError **error)
{
    guint8 mac[MAC_SIZE];
    gsize size;
    const void *data = g_bytes_get_data(sealed, &size);
    sqlite3_stmt *statement = vault_sql(vault, SQL_SET_SECRET, error);
    if (statement == NULL)
        return FALSE;
    g_autoptr(NameKey) names = name_key_new(match_key);
    name_mac(names, "secret", account, "", mac);
    sql_blob(statement, 1, mac, sizeof mac);
    sql_blob(statement, 2, data, size);
    return sql_done(vault, statement, error);
}

GBytes *vault_get_secret(Vault *vault, const Secret *match_key, const char *account, GError **error)
{
    guint8 mac[MAC_SIZE];
    gboolean row;
    sqlite3_stmt *statement = vault_sql(vault, SQL_SECRET, error);
    if (statement == NULL)
        return NULL;
    g_autoptr(NameKey) names = name_key_new(match_key);
    name_mac(names, "secret", account, "", mac);
    sql_blob(statement, 1, mac, sizeof mac);
    if (!sql_row(vault, statement, &row, error))
        return NULL;
    GBytes *sealed = row ? g_bytes_new(sqlite3_column_blob(statement, 0),
                                       (gsize)sqlite3_column_bytes(statement, 0))
                         : NULL;
    sqlite3_reset(statement);
    return sealed;
}
