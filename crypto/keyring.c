/* See keyring.h. */
#include "crypto/keyring.h"

#include <string.h>

#include "core/limits.h"
#include "core/text.h"
#include "crypto/pgp-internal.h"

/* --- what is known of a key ---------------------------------------------------------------- */

static void user_free(gpointer data)
{
    KeyUser *user = data;
    g_free(user->text);
    g_free(user->address);
    g_free(user);
}

void key_info_free(KeyInfo *key)
{
    if (key == NULL)
        return;
    g_free(key->fingerprint);
    g_free(key->algorithm);
    g_ptr_array_unref(key->users);
    g_free(key);
}

static void info_free(gpointer key)
{
    key_info_free(key);
}

const char *key_state_name(KeyState state)
{
    static const char *const names[] = {"fit", "expired", "revoked", "disabled", "invalid"};
    return names[state];
}

static KeyUser *user_of(gpgme_user_id_t uid)
{
    KeyUser *user = g_new0(KeyUser, 1);
    user->text = g_strdup(uid->uid);
    user->address = g_strdup(uid->address);
    user->revoked = uid->revoked || uid->invalid;
    user->confirmed = !user->revoked && uid->validity >= GPGME_VALIDITY_FULL;
    return user;
}

static KeyState state_of(gpgme_key_t key)
{
    return key->revoked    ? KEY_REVOKED
           : key->expired  ? KEY_EXPIRED
           : key->disabled ? KEY_DISABLED
           : key->invalid  ? KEY_INVALID
                           : KEY_FIT;
}

/* Of the key, and of what it encrypts with. A key has one part at least, which is the key itself.
 */
static char *algorithm_of(gpgme_key_t key)
{
    char *first = gpgme_pubkey_algo_string(key->subkeys), *second = NULL;
    for (gpgme_subkey_t part = key->subkeys; part && second == NULL; part = part->next)
        if (part->can_encrypt && !part->revoked && !part->expired)
            second = gpgme_pubkey_algo_string(part);
    char *words = second && strcmp(first, second) != 0 ? g_strconcat(first, ", ", second, NULL)
                                                       : g_strdup(first);
    gpgme_free(first);
    gpgme_free(second);
    return words;
}

static KeyInfo *info_of(gpgme_key_t key)
{
    KeyInfo *info = g_new0(KeyInfo, 1);
    info->fingerprint = g_ascii_strup(key->fpr, -1);
    info->algorithm = algorithm_of(key);
    info->users = g_ptr_array_new_with_free_func(user_free);
    info->state = state_of(key);
    info->encrypts = pgp_key_check(key, FALSE, NULL);
    info->signs = pgp_key_check(key, TRUE, NULL);
    info->secret = key->secret;
    for (gpgme_user_id_t uid = key->uids; uid; uid = uid->next) {
        KeyUser *user = user_of(uid);
        g_ptr_array_add(info->users, user);
        info->confirmed |= user->confirmed && info->state == KEY_FIT;
    }
    for (gpgme_subkey_t subkey = key->subkeys; subkey; subkey = subkey->next) {
        info->secret |= subkey->secret;
        info->subkeys++;
    }
    info->created = key->subkeys->timestamp;
    info->expiry = info->encrypts ? pgp_key_expiry(key) : key->subkeys->expires;
    return info;
}

/* --- what is here -------------------------------------------------------------------------- */

static GPtrArray *all_keys(const char *name, GError **error)
{
    g_autoptr(GPtrArray) named = pgp_candidates(name, FALSE, error);
    if (named == NULL)
        return NULL;
    GPtrArray *keys = g_ptr_array_new_with_free_func(info_free);
    for (guint i = 0; i < named->len; i++)
        g_ptr_array_add(keys, info_of(named->pdata[i]));
    return keys;
}

/* One call to the agent for all of them: a listing with private halves names those alone. */
static gboolean mark_secret(GPtrArray *keys, const char *name, GError **error)
{
    g_autoptr(GPtrArray) own = pgp_candidates(name, TRUE, error);
    for (guint i = 0; own && i < own->len; i++)
        for (guint j = 0; j < keys->len; j++) {
            KeyInfo *key = keys->pdata[j];
            key->secret |=
                g_ascii_strcasecmp(key->fingerprint, ((gpgme_key_t)own->pdata[i])->fpr) == 0;
        }
    return own != NULL;
}

GPtrArray *keyring_list(const char *name, GError **error)
{
    g_autoptr(GPtrArray) keys = all_keys(name, error);
    if (keys == NULL || !mark_secret(keys, name, error))
        return NULL;
    return g_steal_pointer(&keys);
}

KeyInfo *keyring_one(const char *name, GError **error)
{
    g_autoptr(GPtrArray) keys = keyring_list(name, error);
    if (keys == NULL)
        return NULL;
    if (keys->len == 1)
        return g_ptr_array_steal_index(keys, 0);
    g_autofree char *safe = text_name(name);
    if (keys->len == 0)
        refuse(error, POSTERN_ERROR_POLICY, "key.missing",
               "import it (postern key import FILE), or see 'postern key list'",
               "there is no OpenPGP key %s", safe);
    else
        refuse(error, POSTERN_ERROR_POLICY, "key.ambiguous", "name one by its full fingerprint",
               "%u keys fit %s, among them %s and %s", keys->len, safe,
               ((KeyInfo *)keys->pdata[0])->fingerprint, ((KeyInfo *)keys->pdata[1])->fingerprint);
    return NULL;
}

/* --- what comes in ------------------------------------------------------------------------- */

static gboolean unusable(GError **error, const char *format, ...) G_GNUC_PRINTF(2, 3);
static gboolean unusable(GError **error, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    g_autofree char *sentence = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    return refuse(error, POSTERN_ERROR_INPUT, "key.input",
                  "ask its owner for the public key alone: gpg --export --armor ADDRESS", "%s",
                  sentence);
}

static gboolean within_limits(const GPtrArray *keys, GError **error)
{
    if (keys->len == 0)
        return unusable(error, "that holds no OpenPGP key");
    if (keys->len > LIMIT_KEYS)
        return unusable(error, "that holds more than %d keys", LIMIT_KEYS);
    for (guint i = 0; i < keys->len; i++) {
        const KeyInfo *key = keys->pdata[i];
        if (key->secret)
            return refuse(error, POSTERN_ERROR_INPUT, "key.private",
                          "if it is yours, let gpg do that: gpg --import FILE",
                          "that holds the private half of %s", key->fingerprint);
        if (key->subkeys > LIMIT_SUBKEYS)
            return unusable(error, "the key %s has more than %d subkeys", key->fingerprint,
                            LIMIT_SUBKEYS);
        if (key->users->len > LIMIT_USER_IDS)
            return unusable(error, "the key %s has more than %d user ids", key->fingerprint,
                            LIMIT_USER_IDS);
    }
    return TRUE;
}

GPtrArray *keyring_read(GBytes *data, GError **error)
{
    gsize size;
    const void *memory = g_bytes_get_data(data, &size);
    if (size > LIMIT_KEYS_BYTES) {
        unusable(error, "that is larger than %d KiB", LIMIT_KEYS_BYTES / 1024);
        return NULL;
    }
    g_auto(gpgme_ctx_t) context = pgp_context(error);
    if (context == NULL)
        return NULL;
    g_auto(gpgme_data_t) input = pgp_input(memory, size);
    g_autoptr(GPtrArray) keys = g_ptr_array_new_with_free_func(info_free);
    gpgme_error_t failure = gpgme_op_keylist_from_data_start(context, input, 0);
    gpgme_key_t key = NULL;
    while (!failure && !(failure = gpgme_op_keylist_next(context, &key))) {
        /* One too many is enough to tell. */
        if (key->fpr && keys->len <= LIMIT_KEYS)
            g_ptr_array_add(keys, info_of(key));
        gpgme_key_unref(key);
    }
    if (gpgme_err_code(failure) != GPG_ERR_EOF) {
        pgp_refuse(error, failure, "read keys");
        return NULL;
    }
    return within_limits(keys, error) ? g_steal_pointer(&keys) : NULL;
}

/* A key may be told of several times. */
static void count(gpgme_import_result_t result, KeyImport *import)
{
    g_autoptr(GHashTable) status = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    for (gpgme_import_status_t one = result->imports; one; one = one->next)
        if (!one->result) {
            guint before = GPOINTER_TO_UINT(g_hash_table_lookup(status, one->fpr));
            g_hash_table_insert(status, g_strdup(one->fpr), GUINT_TO_POINTER(before | one->status));
        }
    *import = (KeyImport){.keys = g_hash_table_size(status)};
    GHashTableIter all;
    gpointer value;
    g_hash_table_iter_init(&all, status);
    while (g_hash_table_iter_next(&all, NULL, &value)) {
        guint gained = GPOINTER_TO_UINT(value);
        import->imported += (gained & GPGME_IMPORT_NEW) != 0;
        import->changed += gained != 0 && !(gained & GPGME_IMPORT_NEW);
    }
}

gboolean keyring_import(GBytes *data, KeyImport *import, GError **error)
{
    g_autoptr(GPtrArray) keys = keyring_read(data, error);
    g_auto(gpgme_ctx_t) context = keys ? pgp_context(error) : NULL;
    if (context == NULL)
        return FALSE;
    gsize size;
    const void *memory = g_bytes_get_data(data, &size);
    g_auto(gpgme_data_t) input = pgp_input(memory, size);
    gpgme_error_t failure = gpgme_op_import(context, input);
    gpgme_import_result_t result = failure ? NULL : gpgme_op_import_result(context);
    if (result == NULL)
        return pgp_refuse(error, failure ? failure : gpgme_error(GPG_ERR_GENERAL), "import keys");
    count(result, import);
    if (import->keys == 0)
        return unusable(error, "gpg takes none of these keys: each needs a user id that it signed");
    return TRUE;
}

/* --- what goes out ------------------------------------------------------------------------- */

static GBytes *export(gpgme_ctx_t context, gpgme_key_t key, GError **error)
{
    gpgme_key_t keys[] = {key, NULL};
    g_autoptr(GByteArray) bytes = g_byte_array_new();
    PgpOutput output = {.bytes = bytes, .limit = LIMIT_KEYS_BYTES};
    g_auto(gpgme_data_t) exported = pgp_output(&output);
    gpgme_error_t failure =
        gpgme_op_export_keys(context, keys, GPGME_EXPORT_MODE_MINIMAL, exported);
    if (failure || bytes->len == 0) {
        pgp_refuse(error, failure ? failure : gpgme_error(GPG_ERR_NO_DATA), "export a key");
        return NULL;
    }
    return g_byte_array_free_to_bytes(g_steal_pointer(&bytes));
}

GBytes *keyring_export(const char *fingerprint, gboolean armor, GError **error)
{
    g_auto(gpgme_ctx_t) context = pgp_context(error);
    g_auto(gpgme_key_t) key = context ? pgp_key(context, fingerprint, FALSE, error) : NULL;
    if (key == NULL)
        return NULL;
    gpgme_set_armor(context, armor);
    return export(context, key, error);
}

GBytes *keyring_export_fit(const char *fingerprint, GError **error)
{
    g_auto(gpgme_ctx_t) context = pgp_context(error);
    g_auto(gpgme_key_t) key = context ? pgp_key(context, fingerprint, FALSE, error) : NULL;
    return key && pgp_key_check(key, FALSE, error) ? export(context, key, error) : NULL;
}

/* --- who is confirmed ---------------------------------------------------------------------- */

static gboolean is_confirmed(const char *fingerprint, GError **error)
{
    g_autoptr(KeyInfo) key = keyring_one(fingerprint, error);
    return key && key->confirmed;
}

static gboolean sign(gpgme_ctx_t context, const char *fingerprint, const char *signer,
                     GError **error)
{
    g_auto(gpgme_key_t) key = pgp_key(context, fingerprint, FALSE, error);
    g_auto(gpgme_key_t) by = key ? pgp_key(context, signer, FALSE, error) : NULL;
    if (by == NULL)
        return FALSE;
    gpgme_error_t failure = gpgme_signers_add(context, by);
    if (!failure)
        failure =
            gpgme_op_keysign(context, key, NULL, 0, GPGME_KEYSIGN_LOCAL | GPGME_KEYSIGN_NOEXPIRE);
    return !failure || pgp_refuse(error, failure, "confirm a key");
}

gboolean keyring_confirm(const char *fingerprint, const char *signer, GError **error)
{
    g_auto(gpgme_ctx_t) context = pgp_context(error);
    if (context == NULL || !sign(context, fingerprint, signer, error))
        return FALSE;
    g_autoptr(GError) failure = NULL;
    if (is_confirmed(fingerprint, &failure))
        return TRUE;
    if (failure) {
        g_propagate_error(error, g_steal_pointer(&failure));
        return FALSE;
    }
    g_autofree char *mend = g_strdup_printf(
        "if %s is yours, tell gpg: gpg --edit-key %s trust (5, ultimate)", signer, signer);
    return refuse(error, POSTERN_ERROR_POLICY, "key.trust", mend,
                  "your signature is on the key %s, but gpg does not take your word for it",
                  fingerprint);
}
