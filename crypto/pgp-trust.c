/* See pgp.h: which key is somebody's, as the user has confirmed it. */
#include <string.h>

#include "core/text.h"
#include "crypto/pgp-internal.h"

static gboolean trusted_for(gpgme_key_t key, const char *address)
{
    for (gpgme_user_id_t uid = key->uids; uid; uid = uid->next)
        if (pgp_uid_carries(uid, address) && uid->validity >= GPGME_VALIDITY_FULL)
            return TRUE;
    return FALSE;
}

/* --- a key that changed -------------------------------------------------------------------- */

/* Does whom the user trusts say by SIGNATURE that a user id is right? gpg has not checked it:
 * whoever forges that only makes us stop. */
static gboolean confirms(gpgme_ctx_t context, gpgme_key_sig_t signature)
{
    g_auto(gpgme_key_t) signer = NULL;
    return !signature->revoked && !gpgme_get_key(context, signature->keyid, &signer, 0) &&
           signer->owner_trust >= GPGME_VALIDITY_FULL;
}

/* Of a key that has expired or was revoked gpg does not say any more whether it was confirmed. */
static gboolean was_confirmed(const char *fingerprint, const char *address)
{
    g_auto(gpgme_ctx_t) context = pgp_context(NULL);
    g_auto(gpgme_key_t) key = NULL;
    if (context == NULL)
        return FALSE;
    gpgme_set_keylist_mode(context, GPGME_KEYLIST_MODE_LOCAL | GPGME_KEYLIST_MODE_SIGS);
    if (gpgme_get_key(context, fingerprint, &key, 0))
        return FALSE;
    gpgme_set_keylist_mode(context, GPGME_KEYLIST_MODE_LOCAL);
    for (gpgme_user_id_t uid = key->uids; uid; uid = uid->next)
        for (gpgme_key_sig_t signature = uid->signatures; signature; signature = signature->next)
            if (uid->address && g_ascii_strcasecmp(uid->address, address) == 0 &&
                confirms(context, signature))
                return TRUE;
    return FALSE;
}

static gint64 created(gpgme_key_t key)
{
    return key->subkeys->timestamp;
}

static gpgme_key_t newest(const GPtrArray *keys)
{
    gpgme_key_t found = keys->pdata[0];
    for (guint i = 1; i < keys->len; i++)
        if (created(keys->pdata[i]) > created(found))
            found = keys->pdata[i];
    return found;
}

typedef struct {
    GPtrArray *named;     /* gpgme_key_t: all keys that say they are of the address; owns them */
    GPtrArray *confirmed; /* fit and confirmed */
    GPtrArray *claiming;  /* fit, but nobody has confirmed them */
    GPtrArray *former;    /* not fit any more */
    GError *reason;       /* against the first of those */
} Keys;

static void keys_clear(Keys *keys)
{
    g_clear_pointer(&keys->confirmed, g_ptr_array_unref);
    g_clear_pointer(&keys->claiming, g_ptr_array_unref);
    g_clear_pointer(&keys->former, g_ptr_array_unref);
    g_clear_pointer(&keys->named, g_ptr_array_unref);
    g_clear_error(&keys->reason);
}

/* FALSE when the key of ADDRESS may be another one now. */
static gboolean unchanged(const Keys *keys, const char *address, GError **error)
{
    if (keys->claiming->len == 0)
        return TRUE;
    gpgme_key_t now = newest(keys->claiming), before = NULL;
    for (guint i = 0; keys->confirmed->len == 0 && before == NULL && i < keys->former->len; i++) {
        gpgme_key_t key = keys->former->pdata[i];
        before = was_confirmed(key->fpr, address) ? key : NULL;
    }
    if (keys->confirmed->len > 0 && created(now) >= created(newest(keys->confirmed)))
        before = newest(keys->confirmed);
    if (before == NULL)
        return TRUE;
    g_autofree char *safe = text_name(address);
    g_autofree char *mend =
        g_strdup_printf("compare the new fingerprint with its owner; then confirm it (postern key "
                        "trust %s) and delete "
                        "the old key, or delete the new one (gpg --delete-keys FINGERPRINT)",
                        now->fpr);
    return refuse(
        error, POSTERN_ERROR_POLICY, "key.changed", mend,
        keys->confirmed->len > 0
            ? "%s has the confirmed key %s, but another one, %s, says it is theirs"
            : "the confirmed key of %s, %s, is not fit for use any more, and another one, "
              "%s, says it is theirs",
        safe, before->fpr, now->fpr);
}

/* --- the key of a recipient ---------------------------------------------------------------- */

static gboolean no_recipient(Keys *keys, const char *address, GError **error)
{
    g_autofree char *safe = text_name(address);
    if (keys->claiming->len > 0) {
        gpgme_key_t key = keys->claiming->pdata[0];
        g_autofree char *mend = g_strdup_printf(
            "compare the fingerprint with its owner, then run: postern key trust %s", key->fpr);
        return refuse(error, POSTERN_ERROR_POLICY, "key.untrusted", mend,
                      "the key %s says it is that of %s, but nobody has confirmed it", key->fpr,
                      safe);
    }
    if (keys->reason) {
        g_propagate_error(error, g_steal_pointer(&keys->reason));
        return FALSE;
    }
    g_autofree char *word = text_word(address);
    g_autofree char *mend = g_strdup_printf(
        "get the key from its owner, import it (postern key import FILE), compare the fingerprint, "
        "then confirm it (postern key trust %s)",
        word);
    return refuse(error, POSTERN_ERROR_POLICY, "key.missing", mend,
                  "there is no OpenPGP key for %s", safe);
}

static gboolean sort(Keys *keys, const char *address, GError **error)
{
    /* An address without "@" could be read as a key id, and no key id is an address. */
    keys->named = strchr(address, '@') ? pgp_candidates(address, FALSE, error) : g_ptr_array_new();
    if (keys->named == NULL)
        return FALSE;
    keys->confirmed = g_ptr_array_new();
    keys->claiming = g_ptr_array_new();
    keys->former = g_ptr_array_new();
    for (guint i = 0; i < keys->named->len; i++) {
        gpgme_key_t key = keys->named->pdata[i];
        gboolean fit = pgp_key_check(key, FALSE, keys->reason ? NULL : &keys->reason);
        g_ptr_array_add(!fit                        ? keys->former
                        : trusted_for(key, address) ? keys->confirmed
                                                    : keys->claiming,
                        key);
    }
    return TRUE;
}

char *pgp_find_recipient(const char *address, GError **error)
{
    Keys keys = {0};
    char *found = NULL;
    if (sort(&keys, address, error) && unchanged(&keys, address, error)) {
        if (keys.confirmed->len > 0)
            found = pgp_the_one(keys.confirmed, address, error);
        else
            no_recipient(&keys, address, error);
    }
    keys_clear(&keys);
    return found;
}
