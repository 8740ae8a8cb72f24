/* See pgp.h: small secrets, wrapped and unwrapped. */
#include "core/limits.h"
#include "crypto/pgp-internal.h"
#include "crypto/pgp-outline.h"

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

static Secret *unwrap(gboolean quietly, const guint8 *wrapped, gsize size, GError **error)
{
    g_auto(gpgme_ctx_t) context = pgp_context(error);
    if (context == NULL)
        return NULL;
    gpgme_error_t failure =
        quietly ? gpgme_set_pinentry_mode(context, GPGME_PINENTRY_MODE_CANCEL) : 0;
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
    return unwrap(FALSE, wrapped, size, error);
}

Secret *pgp_unwrap_quietly(const guint8 *wrapped, gsize size, GError **error)
{
    return unwrap(TRUE, wrapped, size, error);
}

/* --- for whom it is ------------------------------------------------------------------------- */

/* Ids of the keys that WRAPPED is for, in hexadecimal. */
static GPtrArray *key_ids(const guint8 *wrapped, gsize size, GError **error)
{
    g_autoptr(GPtrArray) ids = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GBytes) bytes = g_bytes_new_static(wrapped, size);
    g_autoptr(GBytes) looked_at = pgp_outline_encrypted(bytes, ids, error);
    return looked_at ? g_steal_pointer(&ids) : NULL;
}

GStrv pgp_parts(const char *fingerprint, GError **error)
{
    g_auto(gpgme_ctx_t) context = pgp_context(error);
    g_auto(gpgme_key_t) key = context ? pgp_key(context, fingerprint, FALSE, error) : NULL;
    if (key == NULL)
        return NULL;
    g_autoptr(GStrvBuilder) ids = g_strv_builder_new();
    for (gpgme_subkey_t part = key->subkeys; part; part = part->next)
        g_strv_builder_add(ids, part->keyid);
    return g_strv_builder_end(ids);
}

gboolean pgp_is_for(const guint8 *wrapped, gsize size, char *const *parts)
{
    g_autoptr(GPtrArray) ids = key_ids(wrapped, size, NULL);
    for (guint i = 0; ids && i < ids->len; i++)
        if (g_strv_contains((const char *const *)parts, ids->pdata[i]))
            return TRUE;
    return FALSE;
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
    /* Looking a private key up starts the agent. Of one that is not here nothing is known. */
    gpgme_error_t failure = gpgme_get_key(context, id, &key, 1);
    if (gpgme_err_code(failure) == GPG_ERR_EOF)
        return TRUE;
    return failure ? untold(failure, error) : forget_parts(agent, key, error);
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
    g_autoptr(GPtrArray) ids = key_ids(wrapped, size, error);
    for (guint i = 0; ids && i < ids->len; i++)
        if (!forget_key(context, agent, ids->pdata[i], error))
            return FALSE;
    return ids != NULL;
}

Secret *pgp_unwrap_asking(const guint8 *wrapped, gsize size, GError **error)
{
    return forget_passphrases(wrapped, size, error) ? pgp_unwrap(wrapped, size, error) : NULL;
}
