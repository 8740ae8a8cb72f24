/* See vault-copy.h. */
#include "store/vault-copy.h"

#include "core/error.h"
#include "core/limits.h"
#include "mime/message.h"
#include "store/vault-commit.h"
#include "store/vault-import.h"
#include "store/vault-single.h"
#include "store/vault-writer.h"

struct OwnCopy {
    VaultWriter *writer;
};

void own_copy_free(OwnCopy *copy)
{
    if (copy == NULL)
        return;
    vault_writer_free(copy->writer);
    g_free(copy);
}

/* How its account's server would show it, were it put there. */
static void note_looks(struct Imported *imported, const guint8 *data, gsize size)
{
    gsize head = MIN(size, LIMIT_LOOK_HEADER);
    if (look_at(data, head, size, &imported->looks[imported->n]))
        imported->n++;
}

/* And if it changes something. */
static char *message_id(const guint8 *data, gsize size)
{
    g_autoptr(GBytes) head = g_bytes_new_static(data, MIN(size, LIMIT_LOOK_HEADER));
    g_autoptr(Message) parsed = message_parse(head);
    return g_strdup(message_header(parsed, "Message-ID"));
}

static gboolean put(VaultWriter *writer, const Arrival *arrival, const guint8 *data, gsize size,
                    GBytes *share, GError **error)
{
    return vault_message_start(writer, error) && vault_message_write(writer, data, size, error) &&
           (share ? vault_message_finish_singly(writer, arrival, share, error)
                  : vault_message_finish(writer, arrival, error)) &&
           writer_settle(writer, error);
}

OwnCopy *own_copy_new(Vault *vault, const Secret *match_key, const char *account,
                      const char *folder, gint64 time, GBytes *letter, GBytes *share,
                      char *const *keys, GError **error)
{
    gsize size;
    const guint8 *data = g_bytes_get_data(letter, &size);
    char *seen[] = {(char *)"\\Seen", NULL};
    struct Imported imported = {.as_is = FALSE};
    note_looks(&imported, data, size);
    g_autofree char *id = message_id(data, size);
    imported.message_id = id;
    const Arrival arrival = {.account = account,
                             .mailbox = folder,
                             .imported = &imported,
                             .internaldate = time,
                             .flags = seen};
    g_autoptr(OwnCopy) copy = g_new0(OwnCopy, 1);
    copy->writer = writer_alone(vault, match_key);
    if (share)
        vault_writer_set_keys(copy->writer, keys);
    return put(copy->writer, &arrival, data, size, share, error) ? g_steal_pointer(&copy) : NULL;
}

gboolean own_copy_store(OwnCopy *copy, GError **error)
{
    return writer_sound(copy->writer, error) && batch_store_within(copy->writer->batch, error);
}
