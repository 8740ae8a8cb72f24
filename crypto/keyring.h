/*
 * keyring — the user's GnuPG keyring as a person keeps it: what is in it, what comes in, what goes
 * out, and what is confirmed. There is no key store of our own. A key is *confirmed* when GnuPG
 * itself calls one of its user ids valid: by a signature of the owner's, as keyring_confirm() makes
 * it. gpg.conf's trust model and look-ups over the network count for nothing here (pgp-internal.h).
 *
 * Errors: those of pgp.h; 65 "key.input" for what is no public key, or too much of it.
 */
#pragma once

#include <glib.h>

typedef struct {
    char *text;    /* as it stands in the key: from outside */
    char *address; /* of it, or NULL */
    gboolean confirmed, revoked;
} KeyUser;

typedef enum { KEY_FIT, KEY_EXPIRED, KEY_REVOKED, KEY_DISABLED, KEY_INVALID } KeyState;

typedef struct {
    char *fingerprint; /* upper case */
    GPtrArray *users;  /* KeyUser * */
    char *algorithm;   /* "ed25519", or "ed25519, cv25519" where another one encrypts */
    gint64 created;
    gint64 expiry; /* of what of it can encrypt, else of the whole; seconds since 1970; 0: never */
    KeyState state;
    gboolean encrypts, signs; /* fit for that now */
    gboolean secret;          /* the private half is here; not known of what is not imported */
    gboolean confirmed;       /* one of USERS is */
    guint subkeys;            /* the primary key included */
} KeyInfo;

void key_info_free(KeyInfo *key);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(KeyInfo, key_info_free)

const char *key_state_name(KeyState state); /* fit, expired, revoked, disabled or invalid */

/* KeyInfo *: the keys that NAME (fingerprint, key id or address; NULL: any) stands for. */
GPtrArray *keyring_list(const char *name, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The one key that NAME stands for, whatever its state; 78 "key.missing", "key.ambiguous". */
KeyInfo *keyring_one(const char *name, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* KeyInfo *: the keys in DATA, armored or not, and none of them is taken into the keyring. A
 * private key among them, no key, more than LIMIT_KEYS of them or one of more than LIMIT_SUBKEYS
 * subkeys or LIMIT_USER_IDS user ids, or more than LIMIT_KEYS_BYTES, is refused. */
GPtrArray *keyring_read(GBytes *data, GError **error) G_GNUC_WARN_UNUSED_RESULT;

typedef struct {
    guint keys;     /* in the data */
    guint imported; /* were not here before */
    guint changed;  /* were, and gained something */
} KeyImport;
/* Takes them in: their owners are not confirmed by that. As keyring_read(). */
gboolean keyring_import(GBytes *data, KeyImport *import, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The public key FINGERPRINT, without others' signatures; ARMOR: as text. */
GBytes *keyring_export(const char *fingerprint, gboolean armor,
                       GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The same, not as text, of a key that can be encrypted to now; 78 as pgp.h else. */
GBytes *keyring_export_fit(const char *fingerprint, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Confirms all user ids of FINGERPRINT by a signature of SIGNER that never leaves this keyring. May
 * ask for SIGNER's passphrase. 78 "key.trust" when GnuPG does not call the key valid even then. */
gboolean keyring_confirm(const char *fingerprint, const char *signer,
                         GError **error) G_GNUC_WARN_UNUSED_RESULT;
