/*
 * See vault-uidl.h: is what was committed really there? Asked before a server may delete. All is
 * read through a connection of its own, so that nothing comes out of the writer's page cache.
 */
#include <string.h>

#include "core/error.h"
#include "core/text.h"
#include "store/vault-intact.h"
#include "store/vault-read.h"
#include "store/vault-uidl.h"
#include "store/vault-writer.h"

Vault *writer_fresh(VaultWriter *writer, GError **error)
{
    if (writer->fresh == NULL)
        writer->fresh = vault_open(writer->vault->dir, error);
    return writer->fresh;
}

/* Opens the message with the key it was sealed with and works its identity out again. */
static gboolean opens(VaultWriter *writer, const BatchMessage *message, gboolean *intact,
                      GError **error)
{
    guint8 buffer[16 * 1024], identity[MAC_SIZE];
    gssize got;
    GError *failure = NULL;
    Vault *vault = writer_fresh(writer, error);
    if (vault == NULL)
        return FALSE;
    g_autoptr(Source) source =
        vault_chunks(vault, message->row, message->id, message->key, message->chunks);
    mac_reset(writer->identity);
    while ((got = source_read(source, buffer, sizeof buffer, &failure)) > 0)
        mac_update(writer->identity, buffer, (gsize)got);
    secret_wipe(buffer, sizeof buffer);
    mac_finish(writer->identity, identity);
    if (!vault_answer_damage(failure, intact, error))
        return FALSE;
    *intact = *intact && memcmp(identity, message->identity, MAC_SIZE) == 0;
    return TRUE;
}

/* A message of an earlier batch: its key is gone, but the digest says what must be there. */
static gboolean digest_holds(VaultWriter *writer, gint64 row, gboolean *intact, GError **error)
{
    Vault *vault = writer_fresh(writer, error);
    return vault && vault_digest_holds(vault, writer->chunks, writer->digest, row, intact, error);
}

static gboolean reads_back(VaultWriter *writer, const BatchMessage *message, gboolean *intact,
                           GError **error)
{
    *intact = TRUE;
    return (message->known || opens(writer, message, intact, error)) &&
           (!*intact || digest_holds(writer, message->row, intact, error));
}

/* The damaged copy stays, for `verify` to name; but nothing that arrives is held for it again. */
static gboolean disown(VaultWriter *writer, gint64 row, GError **error)
{
    Vault *vault = writer->vault;
    if (!sql_begin(vault, SQL_STRICT, error))
        return FALSE;
    turn_change(vault->turn);
    gboolean fine = sql_run_with(vault, SQL_DISOWN, row, error) &&
                    sql_run_with(vault, SQL_DROP_UIDLS, row, error) &&
                    sql_run_with_two(vault, SQL_DROP_PENDING, row, 0, error);
    return sql_end(vault, fine, error);
}

gboolean vault_read_back(VaultWriter *writer, GError **error)
{
    gboolean all = TRUE;
    if (!writer_sound(writer, error))
        return FALSE;
    g_clear_pointer(&writer->fresh, vault_close);
    for (guint i = 0; i < writer->committed->len; i++) {
        const BatchMessage *message = g_ptr_array_index(writer->committed, i);
        gboolean intact;
        if (!reads_back(writer, message, &intact, error) ||
            (!intact && !disown(writer, message->row, error)))
            return FALSE;
        all = all && intact;
    }
    g_autofree char *shown = text_name(writer->vault->dir);
    return all || refuse(error, POSTERN_ERROR_STORE, "vault.damage",
                         "see that the disk is sound, then fetch again: it is still on the server",
                         "a message just stored in %s reads back differently", shown);
}

gboolean vault_uidl_intact(VaultWriter *writer, const char *account, const char *uidl,
                           gboolean *intact, GError **error)
{
    gint64 row;
    *intact = FALSE;
    if (!writer_sound(writer, error) || !vault_uidl_row(writer, account, uidl, &row, error))
        return FALSE;
    if (row == 0)
        return TRUE;
    return digest_holds(writer, row, intact, error) && (*intact || disown(writer, row, error));
}
