/* See pgp.h: small secrets, wrapped and unwrapped. */
#include <string.h>

#include "core/cursor.h"
#include "core/limits.h"
#include "crypto/pgp-internal.h"

/* --- wrapping ------------------------------------------------------------------------------ */

GBytes *pgp_wrap(char **fingerprints, const Secret *secret, GError **error)
{
    g_auto(gpgme_ctx_t) context = pgp_context(error);
    g_autoptr(GPtrArray) keys = context ? pgp_recipients(context, fingerprints, error) : NULL;
    return keys ? pgp_wrap_to(context, keys, secret_bytes(secret), secret_size(secret), error)
                : NULL;
}

/* What the threads share. */
typedef struct {
    GPtrArray *keys;
    PgpWrap *wraps;
    guint n;
    gsize size;
    guint next; /* atomic: nobody has begun with this one */
    GMutex lock;
    GError *failure; /* the first */
} WrapWork;

static void stop(WrapWork *work, GError *failure)
{
    g_mutex_lock(&work->lock);
    if (work->failure == NULL)
        work->failure = g_steal_pointer(&failure);
    g_mutex_unlock(&work->lock);
    g_clear_error(&failure);
    g_atomic_int_set(&work->next, work->n);
}

/* A context is for one thread; keys may be shared. */
static gpointer wrap_some(gpointer user)
{
    WrapWork *work = user;
    GError *failure = NULL;
    g_auto(gpgme_ctx_t) context = pgp_context(&failure);
    if (context == NULL) {
        stop(work, failure);
        return NULL;
    }
    for (guint i; (i = (guint)g_atomic_int_add(&work->next, 1)) < work->n;) {
        PgpWrap *wrap = &work->wraps[i];
        wrap->wrapped = pgp_wrap_to(context, work->keys, wrap->secret, work->size, &failure);
        if (wrap->wrapped == NULL) {
            stop(work, failure);
            break;
        }
    }
    return NULL;
}

/* This thread is one of them. */
static void wrap_together(WrapWork *work)
{
    g_autoptr(GPtrArray) threads = g_ptr_array_new();
    guint wanted = MIN(work->n, g_get_num_processors());
    for (guint i = 1; i < wanted; i++) {
        GThread *thread = g_thread_try_new("wrap", wrap_some, work, NULL);
        if (thread)
            g_ptr_array_add(threads, thread);
    }
    (void)wrap_some(work);
    for (guint i = 0; i < threads->len; i++)
        g_thread_join(threads->pdata[i]);
}

gboolean pgp_wrap_all(char *const *fingerprints, PgpWrap *wraps, guint n, gsize size,
                      GError **error)
{
    for (guint i = 0; i < n; i++)
        wraps[i].wrapped = NULL;
    g_auto(gpgme_ctx_t) context = pgp_context(error);
    g_autoptr(GPtrArray) keys = context ? pgp_recipients(context, fingerprints, error) : NULL;
    if (keys == NULL)
        return FALSE;
    WrapWork work = {.keys = keys, .wraps = wraps, .n = n, .size = size};
    g_mutex_init(&work.lock);
    wrap_together(&work);
    g_mutex_clear(&work.lock);
    if (work.failure == NULL)
        return TRUE;
    for (guint i = 0; i < n; i++)
        g_clear_pointer(&wraps[i].wrapped, g_bytes_unref);
    g_propagate_error(error, work.failure);
    return FALSE;
}

/* --- unwrapping ---------------------------------------------------------------------------- */

static Secret *unwrap(gpgme_pinentry_mode_t mode, const guint8 *wrapped, gsize size, GError **error)
{
    g_auto(gpgme_ctx_t) context = pgp_context(error);
    if (context == NULL)
        return NULL;
    gpgme_error_t failure = gpgme_set_pinentry_mode(context, mode);
    if (failure) {
        pgp_refuse(error, failure, "start");
        return NULL;
    }
    /* Of its full size from the start: growing would leave copies behind. */
    g_autoptr(GByteArray) plain = g_byte_array_sized_new(LIMIT_SECRET);
    PgpOutput output = {.bytes = plain, .limit = LIMIT_SECRET};
    Secret *secret = NULL;
    if (pgp_open(context, wrapped, size, FALSE, &output, error))
        secret = secret_new(plain->data, plain->len);
    secret_wipe(plain->data, plain->len);
    return secret;
}

Secret *pgp_unwrap(const guint8 *wrapped, gsize size, GError **error)
{
    return unwrap(GPGME_PINENTRY_MODE_DEFAULT, wrapped, size, error);
}

Secret *pgp_unwrap_quietly(const guint8 *wrapped, gsize size, GError **error)
{
    return unwrap(GPGME_PINENTRY_MODE_CANCEL, wrapped, size, error);
}

/* --- for whom it is ------------------------------------------------------------------------- */

#define TAG_FOR_A_KEY 1 /* RFC 4880, 5.1 */

/* The length of a packet behind TAG, RFC 4880, 4.2; whatever is not as gpg writes it fails. */
static gsize packet_length(Cursor *cursor, guint8 tag)
{
    guint8 kind = tag & 3;
    if ((tag & 0x40) == 0)
        return kind == 0 ? cursor_u8(cursor) : kind == 1 ? cursor_u16(cursor) : cursor_u32(cursor);
    guint8 first = cursor_u8(cursor);
    if (first < 192)
        return first;
    if (first < 224)
        return ((gsize)(first - 192) << 8) + cursor_u8(cursor) + 192;
    return cursor_u32(cursor);
}

/* Ids of the keys that WRAPPED is for, in hexadecimal. */
static GPtrArray *key_ids(const guint8 *wrapped, gsize size)
{
    GPtrArray *ids = g_ptr_array_new_with_free_func(g_free);
    Cursor cursor = cursor_over(wrapped, size);
    while (!cursor.failed && cursor.left > 0) {
        guint8 tag = cursor_u8(&cursor);
        guint8 number = tag & 0x40 ? tag & 0x3f : tag >> 2 & 0x0f;
        gsize length = packet_length(&cursor, tag);
        if (number != TAG_FOR_A_KEY)
            break;
        const guint8 *body = cursor_bytes(&cursor, length);
        if (body == NULL || length < 9)
            break;
        Cursor packet = cursor_over(body + 1, length - 1);
        g_ptr_array_add(ids, g_strdup_printf("%016" G_GINT64_MODIFIER "X", cursor_u64(&packet)));
    }
    return ids;
}

static gboolean has_part(gpgme_key_t key, const GPtrArray *ids)
{
    for (gpgme_subkey_t part = key->subkeys; part; part = part->next)
        if (g_ptr_array_find_with_equal_func((GPtrArray *)ids, part->keyid, g_str_equal, NULL))
            return TRUE;
    return FALSE;
}

gboolean pgp_is_for(const guint8 *wrapped, gsize size, const char *fingerprint)
{
    g_auto(gpgme_ctx_t) context = pgp_context(NULL);
    g_auto(gpgme_key_t) key = context ? pgp_key(context, fingerprint, FALSE, NULL) : NULL;
    g_autoptr(GPtrArray) ids = key_ids(wrapped, size);
    return key && has_part(key, ids);
}

/* --- asking each time ---------------------------------------------------------------------- */

static gboolean untold(gpgme_error_t failure, GError **error)
{
    char reason[128];
    gpgme_strerror_r(failure, reason, sizeof reason);
    return refuse(error, POSTERN_ERROR_TEMPORARY, "key.locked",
                  "see that gpg-agent runs: gpg-connect-agent /bye",
                  "gpg-agent cannot be told to forget the passphrase: %s", reason);
}

/* All the parts of a key have one passphrase as a rule, and the agent tries the one it used last.
 */
static gboolean forget_parts(gpgme_ctx_t agent, const gpgme_key_t key, GError **error)
{
    for (gpgme_subkey_t part = key->subkeys; part; part = part->next) {
        gpgme_error_t answer = 0;
        if (part->keygrip == NULL)
            continue;
        g_autofree char *line = g_strconcat("CLEAR_PASSPHRASE --mode=normal ", part->keygrip, NULL);
        gpgme_error_t failure =
            gpgme_op_assuan_transact_ext(agent, line, NULL, NULL, NULL, NULL, NULL, NULL, &answer);
        if (failure || answer)
            return untold(failure ? failure : answer, error);
    }
    return TRUE;
}

static gboolean forget_key(gpgme_ctx_t context, gpgme_ctx_t agent, const char *id, GError **error)
{
    g_auto(gpgme_key_t) key = NULL;
    /* Looking a private key up starts the agent. One that is not here has nothing to be forgotten.
     */
    if (gpgme_get_key(context, id, &key, 1))
        return TRUE;
    return forget_parts(agent, key, error);
}

static gboolean forget_passphrases(const guint8 *wrapped, gsize size, GError **error)
{
    g_auto(gpgme_ctx_t) agent = NULL;
    g_auto(gpgme_ctx_t) context = pgp_context(error);
    if (context == NULL)
        return FALSE;
    gpgme_error_t failure = gpgme_new(&agent);
    if (!failure)
        failure = gpgme_set_protocol(agent, GPGME_PROTOCOL_ASSUAN);
    if (!failure)
        failure = gpgme_set_keylist_mode(context, GPGME_KEYLIST_MODE_LOCAL |
                                                      GPGME_KEYLIST_MODE_WITH_KEYGRIP);
    if (failure)
        return pgp_refuse(error, failure, "start");
    g_autoptr(GPtrArray) ids = key_ids(wrapped, size);
    for (guint i = 0; i < ids->len; i++)
        if (!forget_key(context, agent, ids->pdata[i], error))
            return FALSE;
    return TRUE;
}

Secret *pgp_unwrap_asking(const guint8 *wrapped, gsize size, GError **error)
{
    if (!forget_passphrases(wrapped, size, error))
        return NULL;
    return (pgp_may_ask() ? pgp_unwrap : pgp_unwrap_quietly)(wrapped, size, error);
}
