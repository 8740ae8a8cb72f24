/* See vault-outbox-key.h. */
#include "store/vault-outbox-key.h"

#include <string.h>

#include "core/error.h"
#include "store/vault-outbox-state.h"

#define CONTEXT "outbox key"
#define MEND "run 'postern outbox key', and give the host what it prints"

static gboolean load(Vault *vault, OutboxPair *pair, gboolean *there, GError **error)
{
    sqlite3_stmt *statement = vault_sql(vault, SQL_OUTBOX_KEY, error);
    if (statement == NULL || !sql_row(vault, statement, there, error))
        return FALSE;
    const guint8 *public_key = *there ? sql_column(statement, 0, KEY_SIZE) : NULL;
    if (public_key) {
        memcpy(pair->public_key, public_key, KEY_SIZE);
        pair->sealed = g_bytes_new(sqlite3_column_blob(statement, 1),
                                   (gsize)sqlite3_column_bytes(statement, 1));
    }
    sqlite3_reset(statement);
    return !*there || public_key || vault_damaged(vault, "its key for the outbox is none", error);
}

gboolean outbox_pair_load(Vault *vault, OutboxPair *pair, gboolean *there, GError **error)
{
    *pair = (OutboxPair){.sealed = NULL};
    return load(vault, pair, there, error);
}

void outbox_pair_clear(OutboxPair *pair)
{
    g_clear_pointer(&pair->sealed, g_bytes_unref);
}

static gboolean is_private_half(const OutboxPair *pair, const Secret *key)
{
    guint8 public_key[KEY_SIZE];
    if (secret_size(key) != KEY_SIZE)
        return FALSE;
    x25519_public(secret_bytes(key), public_key);
    return memcmp(public_key, pair->public_key, KEY_SIZE) == 0;
}

static Secret *open_private(Vault *vault, const OutboxPair *pair, const Secret *vault_private,
                            GError **error)
{
    gsize size, key_size;
    const guint8 *sealed = g_bytes_get_data(pair->sealed, &size);
    g_autoptr(BatchKey) key =
        size > KEY_SIZE ? batch_key_open(vault->id, vault_private, sealed, NULL) : NULL;
    g_autoptr(GBytes) record =
        key ? record_open(key, CONTEXT, sealed + KEY_SIZE, size - KEY_SIZE, error) : NULL;
    if (record == NULL)
        return NULL;
    const guint8 *bytes = g_bytes_get_data(record, &key_size);
    Secret *private_key = key_size == KEY_SIZE ? secret_new(bytes, KEY_SIZE) : NULL;
    secret_wipe((void *)bytes, key_size);
    if (private_key == NULL || !is_private_half(pair, private_key)) {
        g_clear_pointer(&private_key, secret_free);
        vault_damaged(vault, "its key for the outbox does not open", error);
    }
    return private_key;
}

Secret *outbox_pair_private(Vault *vault, const OutboxPair *pair, const Secret *key, GError **error)
{
    return is_private_half(pair, key) ? secret_new(secret_bytes(key), KEY_SIZE)
                                      : open_private(vault, pair, key, error);
}

gboolean vault_outbox_key_there(Vault *vault, gboolean *there, GError **error)
{
    g_auto(OutboxPair) pair = {.sealed = NULL};
    return outbox_pair_load(vault, &pair, there, error);
}

static gboolean none(GError **error)
{
    return refuse(error, POSTERN_ERROR_POLICY, "outbox.key", MEND,
                  "the vault has no key for its outbox");
}

Secret *vault_outbox_key_open(Vault *vault, const Secret *vault_private, GError **error)
{
    gboolean there;
    g_auto(OutboxPair) pair = {.sealed = NULL};
    if (!outbox_pair_load(vault, &pair, &there, error) || (!there && !none(error)))
        return NULL;
    return open_private(vault, &pair, vault_private, error);
}

gboolean vault_outbox_key_check(Vault *vault, const Secret *key, GError **error)
{
    gboolean there;
    g_auto(OutboxPair) pair = {.sealed = NULL};
    if (!outbox_pair_load(vault, &pair, &there, error))
        return FALSE;
    if (!there)
        return none(error);
    return is_private_half(&pair, key) ||
           refuse(error, POSTERN_ERROR_POLICY, "outbox.key", MEND,
                  "the credential of outbox_key is not the key of this vault's outbox");
}

/* --- a new one ----------------------------------------------------------------------------- */

static gboolean is_used(Vault *vault, gboolean *used, GError **error)
{
    sqlite3_stmt *statement = vault_sql(vault, SQL_OUTBOX_KEY_USED, error);
    if (statement == NULL || !sql_row(vault, statement, used, error))
        return FALSE;
    sqlite3_reset(statement);
    return TRUE;
}

static gboolean store(Vault *vault, const guint8 *public_key, GBytes *sealed, GError **error)
{
    gsize size;
    gboolean used;
    const void *bytes = g_bytes_get_data(sealed, &size);
    if (!is_used(vault, &used, error))
        return FALSE;
    if (used)
        return refuse(error, POSTERN_ERROR_TEMPORARY, "outbox.waiting",
                      "send what waits, or drop it, then try again",
                      "letters that wait are sealed to the key that the outbox has");
    sqlite3_stmt *statement = vault_sql(vault, SQL_SET_OUTBOX_KEY, error);
    if (statement == NULL)
        return FALSE;
    sql_blob(statement, 1, public_key, KEY_SIZE);
    sql_blob(statement, 2, bytes, size);
    return sql_done(vault, statement, error);
}

Secret *vault_outbox_key_make(Vault *vault, GError **error)
{
    guint8 private_key[KEY_SIZE], public_key[KEY_SIZE], ephemeral[KEY_SIZE];
    g_autoptr(BatchKey) key = batch_key_new(vault->id, vault->public_key, ephemeral, error);
    if (key == NULL)
        return NULL;
    x25519_generate(private_key, public_key);
    g_autoptr(Secret) made = secret_new(private_key, KEY_SIZE);
    g_autoptr(GBytes) record = record_seal(key, CONTEXT, private_key, KEY_SIZE);
    secret_wipe(private_key, sizeof private_key);
    gsize size;
    const guint8 *bytes = g_bytes_get_data(record, &size);
    GByteArray *both = g_byte_array_new();
    g_byte_array_append(both, ephemeral, KEY_SIZE);
    g_byte_array_append(both, bytes, (guint)size);
    g_autoptr(GBytes) sealed = g_byte_array_free_to_bytes(both);
    gboolean fine = sql_begin(vault, SQL_STRICT, error) &&
                    sql_end(vault, store(vault, public_key, sealed, error), error);
    return fine ? g_steal_pointer(&made) : NULL;
}
