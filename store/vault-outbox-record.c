/* See vault-outbox.h: what a row says, sealed, and who has it. */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "core/cursor.h"
#include "core/error.h"
#include "core/limits.h"
#include "store/files.h"
#include "store/vault-outbox-state.h"
#include "store/vault-record.h"

void outbox_record_clear(OutboxRecord *record)
{
    g_clear_pointer(&record->account, g_free);
    g_clear_pointer(&record->from, g_free);
    g_clear_pointer(&record->subject, g_free);
    g_clear_pointer(&record->recipients, g_ptr_array_unref);
    g_clear_pointer(&record->answers, g_ptr_array_unref);
}

OutboxRecord outbox_record_like(const OutboxLetter *letter)
{
    return (OutboxRecord){.account = g_strdup(letter->account),
                          .from = g_strdup(letter->from),
                          .subject = g_strdup(letter->subject),
                          .recipients = g_ptr_array_new_with_free_func(g_free),
                          .answers = g_ptr_array_new_with_free_func(g_free),
                          .encrypted = letter->encrypted,
                          .sensitive = letter->sensitive,
                          .share = letter->share,
                          .notice = letter->notice};
}

#define TO_VAULT 1
#define TO_OUTBOX 2
#define HEAD (1 + KEY_SIZE)

GBytes *outbox_seal(Vault *vault, gboolean unattended, const char *what, const guint8 *id,
                    const void *data, gsize size, GError **error)
{
    gboolean there = FALSE;
    guint8 ephemeral[KEY_SIZE];
    g_auto(OutboxPair) pair = {.sealed = NULL};
    if (unattended && !outbox_pair_load(vault, &pair, &there, error))
        return NULL;
    g_autoptr(BatchKey) key =
        batch_key_new(vault->id, there ? pair.public_key : vault->public_key, ephemeral, error);
    if (key == NULL)
        return NULL;
    gsize sealed_size;
    g_autoptr(GBytes) plain = g_bytes_new_static(data, size);
    g_autoptr(GBytes) sealed = message_record_seal(key, what, id, plain);
    const guint8 *bytes = g_bytes_get_data(sealed, &sealed_size);
    GByteArray *out = g_byte_array_sized_new((guint)(HEAD + sealed_size));
    put_u8(out, there ? TO_OUTBOX : TO_VAULT);
    g_byte_array_append(out, ephemeral, KEY_SIZE);
    g_byte_array_append(out, bytes, (guint)sealed_size);
    return g_byte_array_free_to_bytes(out);
}

/* The private half of the outbox's pair. */
static Secret *own_private(Vault *vault, const Secret *key, GError **error)
{
    gboolean there;
    g_auto(OutboxPair) pair = {.sealed = NULL};
    if (!outbox_pair_load(vault, &pair, &there, error))
        return NULL;
    if (there)
        return outbox_pair_private(vault, &pair, key, error);
    vault_damaged(vault, "a letter in the outbox is sealed to a key that is not there", error);
    return NULL;
}

GBytes *outbox_open(Vault *vault, const Secret *key, const char *what, const guint8 *id,
                    const guint8 *sealed, gsize size, gboolean *unattended, GError **error)
{
    if (sealed == NULL || size < HEAD || sealed[0] < TO_VAULT || sealed[0] > TO_OUTBOX) {
        vault_damaged(vault, "a letter in the outbox has no key", error);
        return NULL;
    }
    gboolean own = sealed[0] == TO_OUTBOX;
    g_autoptr(Secret) other = own ? own_private(vault, key, error) : NULL;
    if (own && other == NULL)
        return NULL;
    if (unattended)
        *unattended = own;
    g_autoptr(BatchKey) batch = batch_key_open(vault->id, own ? other : key, sealed + 1, error);
    return batch ? message_record_open(batch, what, id, sealed + HEAD, size - HEAD, error) : NULL;
}

GBytes *outbox_record_pack(const OutboxRecord *record)
{
    GByteArray *out = g_byte_array_new();
    put_string(out, record->account);
    put_string(out, record->from);
    put_string(out, record->subject);
    put_u8(out, record->encrypted ? 1 : 0);
    put_u8(out, record->sensitive ? (guint8)(1 + record->share) : 0);
    put_u8(out, (guint8)record->notice.when);
    put_string(out, record->notice.id);
    put_u16(out, (guint16)record->recipients->len);
    for (guint i = 0; i < record->recipients->len; i++) {
        put_string(out, record->recipients->pdata[i]);
        put_string(out, record->answers->pdata[i]);
    }
    return g_byte_array_free_to_bytes(out);
}

gboolean outbox_record_read(Vault *vault, GBytes *plain, OutboxRecord *record, GError **error)
{
    gsize size;
    const guint8 *bytes = g_bytes_get_data(plain, &size);
    Cursor cursor = cursor_over(bytes, size);
    record->account = cursor_string(&cursor, LIMIT_MAILBOX_NAME);
    record->from = cursor_string(&cursor, LIMIT_ADDRESS);
    record->subject = cursor_string(&cursor, LIMIT_HEADER_BYTES);
    guint8 encrypted = cursor_u8(&cursor), share = cursor_u8(&cursor);
    record->notice.when = cursor_u8(&cursor);
    g_autofree char *id = cursor_string(&cursor, NOTICE_ID);
    gboolean sound = id && notice_sound(record->notice.when) &&
                     (notice_name(&record->notice, id) || *id == '\0');
    guint16 count = cursor_u16(&cursor);
    record->encrypted = encrypted == 1;
    record->sensitive = share > 0;
    record->share = share > 0 ? (IndexShare)(share - 1) : INDEX_FULL;
    record->recipients = g_ptr_array_new_with_free_func(g_free);
    record->answers = g_ptr_array_new_with_free_func(g_free);
    for (guint i = 0; i < count && !cursor.failed; i++) {
        g_ptr_array_add(record->recipients, cursor_string(&cursor, LIMIT_ADDRESS));
        g_ptr_array_add(record->answers, cursor_string(&cursor, LIMIT_OUTBOX_ANSWER));
    }
    if (cursor_whole(&cursor) && sound && encrypted <= 1 && share <= 1 + INDEX_FULL && count > 0 &&
        count <= LIMIT_RECIPIENTS)
        return TRUE;
    outbox_record_clear(record);
    return vault_damaged(vault, "a letter in the outbox is none", error);
}

/* A lock of the open file, on the byte of that number: it goes with its last descriptor, whatever
 * ends the process, and two of one process keep each other out as well. */
int vault_row_lock(const Vault *vault, const char *name, gint64 row, GError **error)
{
    g_autofree char *path = g_build_filename(vault->dir, name, NULL);
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = row, .l_len = 1};
    if (fd >= 0 && fcntl(fd, F_OFD_SETLK, &lock) == 0)
        return fd;
    int why = errno;
    if (fd >= 0)
        close(fd);
    if (fd < 0 || (why != EAGAIN && why != EACCES))
        refuse(error, POSTERN_ERROR_STORE, "vault.write", "see that the disk is sound and has room",
               "%s in the store cannot be locked: %s", name, g_strerror(why));
    return -1;
}

int outbox_lock(const Vault *vault, gint64 row, GError **error)
{
    return vault_row_lock(vault, "outbox.lock", row, error);
}
