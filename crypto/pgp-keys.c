/* See pgp.h: which key, and whether it may be used. */
#include <string.h>

#include "core/text.h"
#include "crypto/pgp-internal.h"

/* --- one key ------------------------------------------------------------------------------- */

static gboolean missing(GError **error, const char *name)
{
    g_autofree char *safe = text_name(name);
    return refuse(error, POSTERN_ERROR_POLICY, "key.missing",
                  "get it from its owner and import it: postern key import FILE",
                  "there is no OpenPGP key %s", safe);
}

gpgme_key_t pgp_key(gpgme_ctx_t context, const char *fingerprint, gboolean with_secret,
                    GError **error)
{
    g_auto(gpgme_key_t) key = NULL;
    gpgme_set_keylist_mode(context, GPGME_KEYLIST_MODE_LOCAL |
                                        (with_secret ? GPGME_KEYLIST_MODE_WITH_SECRET : 0));
    gpgme_error_t failure = gpgme_get_key(context, fingerprint, &key, 0);
    if (!failure && key->fpr && g_ascii_strcasecmp(key->fpr, fingerprint) == 0)
        return g_steal_pointer(&key);
    if (failure && gpgme_err_code(failure) != GPG_ERR_EOF)
        pgp_refuse(error, failure, "look a key up");
    else
        missing(error, fingerprint);
    return NULL;
}

static gboolean subkey_fits(gpgme_subkey_t subkey, gboolean sign)
{
    gint64 now = g_get_real_time() / G_USEC_PER_SEC;
    return (sign ? subkey->can_sign : subkey->can_encrypt) && !subkey->revoked &&
           !subkey->expired && !subkey->disabled && !subkey->invalid && subkey->timestamp <= now;
}

static gboolean has_fitting_subkey(gpgme_key_t key, gboolean sign)
{
    for (gpgme_subkey_t subkey = key->subkeys; subkey; subkey = subkey->next)
        if (subkey_fits(subkey, sign))
            return TRUE;
    return FALSE;
}

/* Every subkey made for this has run out; revoked ones do not count as such. */
static gboolean subkeys_expired(gpgme_key_t key, gboolean sign)
{
    for (gpgme_subkey_t subkey = key->subkeys; subkey; subkey = subkey->next)
        if (subkey->expired && !subkey->revoked && (sign ? subkey->can_sign : subkey->can_encrypt))
            return TRUE;
    return FALSE;
}

gboolean pgp_key_check(gpgme_key_t key, gboolean sign, GError **error)
{
    const char *rule = NULL, *mend = NULL, *what = NULL;
    gboolean fits = has_fitting_subkey(key, sign);
    if (key->revoked) {
        rule = "key.revoked";
        what = "was revoked";
        mend = "name another key";
    } else if (key->expired || (!fits && subkeys_expired(key, sign))) {
        rule = "key.expired";
        what = "has expired";
        mend = "extend it (gpg --quick-set-expire) and import it again, or name another key";
    } else if (key->disabled) {
        rule = "key.disabled";
        what = "is disabled in the keyring";
        mend = "enable it with 'gpg --edit-key', or name another key";
    } else if (key->invalid || !fits) {
        rule = "key.unusable";
        what = sign ? "has no subkey that can sign now" : "has no subkey that can encrypt now";
        mend = "add such a subkey, or name another key";
    }
    return rule == NULL ||
           refuse(error, POSTERN_ERROR_POLICY, rule, mend, "the OpenPGP key %s %s", key->fpr, what);
}

/* The later of two times of expiry, where 0 is never. */
static gint64 later(gint64 a, gint64 b)
{
    return a == 0 || b == 0 ? 0 : MAX(a, b);
}

gint64 pgp_key_expiry(gpgme_key_t key)
{
    if (key->subkeys == NULL)
        return 0;
    gint64 whole = key->subkeys->expires, part = -1;
    for (gpgme_subkey_t subkey = key->subkeys; subkey; subkey = subkey->next)
        if (subkey_fits(subkey, FALSE))
            part = part < 0 ? subkey->expires : later(part, subkey->expires);
    if (whole == 0 || part <= 0)
        return MAX(whole, part);
    return MIN(whole, part);
}

static gboolean check(const char *fingerprint, gboolean sign, gint64 *expiry, GError **error)
{
    g_auto(gpgme_ctx_t) context = pgp_context(error);
    g_auto(gpgme_key_t) key = context ? pgp_key(context, fingerprint, FALSE, error) : NULL;
    gboolean fit = key && pgp_key_check(key, sign, error);
    if (expiry)
        *expiry = key ? pgp_key_expiry(key) : 0;
    return fit;
}

gboolean pgp_check_encrypt(const char *fingerprint, gint64 *expiry, GError **error)
{
    return check(fingerprint, FALSE, expiry, error);
}

gboolean pgp_check_sign(const char *fingerprint, GError **error)
{
    return check(fingerprint, TRUE, NULL, error);
}

gboolean pgp_has_secret(const char *fingerprint)
{
    g_auto(gpgme_ctx_t) context = pgp_context(NULL);
    g_auto(gpgme_key_t) key = context ? pgp_key(context, fingerprint, TRUE, NULL) : NULL;
    for (gpgme_subkey_t subkey = key ? key->subkeys : NULL; subkey; subkey = subkey->next)
        if (subkey->secret)
            return TRUE;
    return FALSE;
}

/* --- the key of a name  ------------------------------------------------------------------- */

gboolean pgp_uid_carries(gpgme_user_id_t uid, const char *address)
{
    return address && uid->address && !uid->revoked && !uid->invalid &&
           g_ascii_strcasecmp(uid->address, address) == 0;
}

/* The user ids of a revoked key count as revoked; who it was is still worth telling. */
static gboolean went_with_its_key(gpgme_user_id_t uid, const char *address)
{
    return uid->address && !uid->invalid && g_ascii_strcasecmp(uid->address, address) == 0;
}

static gboolean is_hex(const char *text)
{
    return text[strspn(text, "0123456789abcdefABCDEF")] == '\0';
}

/* A key id of eight digits is not taken: anybody can make a key with any such id. */
static gboolean is_key_id(const char *name)
{
    gsize length = strlen(name);
    return is_hex(name) && (length == 16 || length == 40 || length == 64);
}

static gboolean named_by(gpgme_key_t key, const char *name)
{
    if (is_key_id(name)) {
        gsize length = strlen(key->fpr), wanted = strlen(name);
        return length >= wanted && g_ascii_strcasecmp(key->fpr + length - wanted, name) == 0;
    }
    for (gpgme_user_id_t uid = key->uids; uid; uid = uid->next)
        if (pgp_uid_carries(uid, name) || (key->revoked && went_with_its_key(uid, name)))
            return TRUE;
    return FALSE;
}

static void unref_key(gpointer key)
{
    gpgme_key_unref(key);
}

GPtrArray *pgp_candidates(const char *name, gboolean secret, GError **error)
{
    g_auto(gpgme_ctx_t) context = pgp_context(error);
    if (context == NULL)
        return NULL;
    g_autoptr(GPtrArray) keys = g_ptr_array_new_with_free_func(unref_key);
    gpgme_error_t failure = gpgme_op_keylist_start(context, name, secret ? 1 : 0);
    gpgme_key_t key = NULL;
    while (!failure && !(failure = gpgme_op_keylist_next(context, &key))) {
        if (key->fpr && (name == NULL || named_by(key, name)))
            g_ptr_array_add(keys, key);
        else
            gpgme_key_unref(key);
    }
    if (gpgme_err_code(failure) == GPG_ERR_EOF)
        return g_steal_pointer(&keys);
    pgp_refuse(error, failure, "list the keys");
    return NULL;
}

char *pgp_the_one(GPtrArray *keys, const char *name, GError **error)
{
    gpgme_key_t first = keys->pdata[0];
    if (keys->len == 1)
        return g_ascii_strup(first->fpr, -1);
    gpgme_key_t second = keys->pdata[1];
    g_autofree char *safe = text_name(name);
    refuse(error, POSTERN_ERROR_POLICY, "key.ambiguous",
           "name the right one by its full fingerprint, or disable the other",
           "%u keys fit %s, among them %s and %s", keys->len, safe, first->fpr, second->fpr);
    return NULL;
}

char *pgp_find(const char *name, gboolean secret, GError **error)
{
    g_autoptr(GPtrArray) named = pgp_candidates(name, secret, error);
    if (named == NULL)
        return NULL;
    g_autoptr(GPtrArray) fit = g_ptr_array_new();
    g_autoptr(GError) reason = NULL;
    for (guint i = 0; i < named->len; i++)
        if (pgp_key_check(named->pdata[i], FALSE, reason ? NULL : &reason))
            g_ptr_array_add(fit, named->pdata[i]);
    if (fit->len > 0)
        return pgp_the_one(fit, name, error);
    if (reason)
        g_propagate_error(error, g_steal_pointer(&reason));
    else
        missing(error, name);
    return NULL;
}

/* --- a new key ----------------------------------------------------------------------------- */

char *pgp_generate(const char *user_id, gboolean passphrase, gint64 seconds, GError **error)
{
    for (const char *p = user_id; *p; p++)
        if (g_ascii_iscntrl(*p)) {
            refuse(error, POSTERN_ERROR_INPUT, "key.user-id", "write it as 'Name <address>'",
                   "a user id has no control characters");
            return NULL;
        }
    g_auto(gpgme_ctx_t) context = pgp_context(error);
    if (context == NULL)
        return NULL;
    /* A second key of an address is what changing keys begins with. */
    guint flags = GPGME_CREATE_FORCE | (seconds ? 0 : GPGME_CREATE_NOEXPIRE) |
                  (passphrase ? 0 : GPGME_CREATE_NOPASSWD);
    gpgme_error_t failure = gpgme_op_createkey(context, user_id, "future-default", 0,
                                               (unsigned long)seconds, NULL, flags);
    gpgme_genkey_result_t result = failure ? NULL : gpgme_op_genkey_result(context);
    if (result && result->fpr)
        return g_ascii_strup(result->fpr, -1);
    pgp_refuse(error, failure ? failure : gpgme_error(GPG_ERR_GENERAL), "make a key");
    return NULL;
}
