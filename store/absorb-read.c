/* See absorb-read.h. */
#include "store/absorb-read.h"

#include "core/error.h"
#include "core/limits.h"
#include "crypto/pgp-cert.h"
#include "mime/autocrypt.h"
#include "store/absorb.h"
#include "store/vault-session.h"
#include "store/vault-single.h"

void absorb_read_clear(AbsorbRead *read)
{
    index_doc_free(read->doc);
    session_keys_free(read->opened);
    g_clear_error(&read->damage);
}

/* The head of a message for the index, and its whole size. Half a ciphertext opens nothing. */
static GBytes *read_head(Source *source, const AbsorbRules *rules, guint64 *size, GError **error)
{
    g_autoptr(GByteArray) head = g_byte_array_new();
    g_autofree guint8 *buffer = g_malloc(LIMIT_CHUNK);
    gsize limit = LIMIT_INDEX_BYTES;
    gssize got;
    *size = 0;
    while ((got = source_read(source, buffer, LIMIT_CHUNK, error)) > 0) {
        if (*size <= limit && *size + (gsize)got > limit && limit == LIMIT_INDEX_BYTES &&
            absorb_wants_whole(head->data, head->len, rules))
            limit = LIMIT_VIEW_BYTES;
        gsize room = limit - head->len;
        g_byte_array_append(head, buffer, (guint)MIN((gsize)got, room));
        *size += (guint64)got;
    }
    return got < 0 ? NULL : g_byte_array_free_to_bytes(g_steal_pointer(&head));
}

/* One damaged message must not hide all the others; trouble with the store itself ends the run. */
gboolean absorb_is_damage(const GError *error)
{
    static const char *const rules[] = {"vault.damage", "vault.wrap", "vault.batch", "vault.record",
                                        NULL};
    return postern_error_among(error, rules);
}

/* What was kept of an earlier opening; a set also where nothing was, NULL where nothing is to be
 * kept. FALSE with *error. */
static gboolean kept_keys(AbsorbReader *self, const char *id, SessionKeys **keys, GError **error)
{
    GError *failure = NULL;
    *keys = NULL;
    if (self->rules.share != INDEX_FULL || self->rules.way == OPEN_NOT)
        return TRUE;
    *keys = vault_session_keys(self->vault, self->vault_private, id, &failure);
    if (failure)
        g_propagate_error(error, failure);
    return failure == NULL;
}

/* Of a key that came, what belongs to its address alone; FALSE where there is not just one. */
static gboolean sift(CarriedKey *carried)
{
    g_autoptr(GPtrArray) keys = pgp_cert_sift(carried->key, carried->address, NULL);
    if (keys == NULL || keys->len != 1)
        return FALSE;
    g_bytes_unref(carried->key);
    carried->key = g_bytes_ref(keys->pdata[0]);
    return TRUE;
}

static void hear(IndexDoc *doc, GBytes *mail)
{
    g_autoptr(CarriedKey) carried = autocrypt_read(mail);
    if (carried && sift(carried))
        doc->carried = g_steal_pointer(&carried);
    for (guint i = 0; doc->gossip && i < doc->gossip->len;)
        if (sift(doc->gossip->pdata[i]))
            i++;
        else
            g_ptr_array_remove_index(doc->gossip, i);
}

static IndexDoc *open_by(AbsorbReader *self, const char *id, AbsorbRules *rules, SessionKeys *keys,
                         AbsorbRead *read, GError **error)
{
    g_autoptr(Source) source = vault_message(self->vault, self->vault_private, id, error);
    g_autoptr(GBytes) mail = source ? read_head(source, rules, &read->size, error) : NULL;
    IndexDoc *doc = mail ? absorb_doc(mail, rules, keys, &read->waits) : NULL;
    if (doc && self->hear)
        hear(doc, mail);
    else if (doc)
        g_clear_pointer(&doc->gossip, g_ptr_array_unref);
    return doc;
}

/* With AGAIN it is known by its header: where the key is locked, and nothing was kept of an earlier
 * opening, nothing of it is read, and it waits on. */
static IndexDoc *open_message(AbsorbReader *self, const char *id, gboolean again, AbsorbRead *read,
                              GError **error)
{
    g_autoptr(SessionKeys) keys = NULL;
    if (!kept_keys(self, id, &keys, error))
        return NULL;
    AbsorbRules rules = self->rules;
    if (rules.way == OPEN_AGAIN && !session_keys_any(keys)) {
        rules.way = OPEN_NOT;
        read->waits = WAITS_LOCKED;
        if (again)
            return index_doc_new();
    }
    IndexDoc *doc = open_by(self, id, &rules, keys, read, error);
    if (rules.way == OPEN_AGAIN)
        self->rules.way = OPEN_AGAIN;
    if (session_keys_grew(keys))
        read->opened = g_steal_pointer(&keys);
    return doc;
}

/* What may be known of one that is sealed singly lies beside it: it is never opened for the index.
 */
static IndexDoc *open_share(AbsorbReader *self, const char *id, guint64 *size, GError **error)
{
    g_autoptr(IndexDoc) doc = vault_share(self->vault, self->vault_private, id, size, error);
    return doc ? absorb_share(g_steal_pointer(&doc), &self->rules, size) : NULL;
}

gboolean absorb_read(AbsorbReader *self, const char *id, Look look, AbsorbRead *read,
                     GError **error)
{
    g_autoptr(GError) failure = NULL;
    read->doc = look == LOOK_SINGLY ? open_share(self, id, &read->size, &failure)
                                    : open_message(self, id, look == LOOK_AGAIN, read, &failure);
    if (read->doc)
        return TRUE;
    gboolean damage = absorb_is_damage(failure);
    /* Removed since its record was read; the record that says so follows. */
    if (!damage && g_strcmp0(postern_error_rule(failure), "message.id") != 0) {
        g_propagate_error(error, g_steal_pointer(&failure));
        return FALSE;
    }
    read->waits = WAITS_NOT;
    if (damage)
        read->damage = g_steal_pointer(&failure);
    read->doc = index_doc_new();
    read->doc->sensitive = damage && look == LOOK_SINGLY;
    return TRUE;
}
