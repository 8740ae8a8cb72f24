/* pgp-internal — what the pgp*.c files share; the rest of the house uses pgp.h. */
#pragma once

#include <gpgme.h>

#include "core/error.h"
#include "crypto/pgp.h"

G_DEFINE_AUTO_CLEANUP_FREE_FUNC(gpgme_ctx_t, gpgme_release, NULL)
G_DEFINE_AUTO_CLEANUP_FREE_FUNC(gpgme_data_t, gpgme_data_release, NULL)
G_DEFINE_AUTO_CLEANUP_FREE_FUNC(gpgme_key_t, gpgme_key_unref, NULL)

/* The one maker of contexts; NULL with "openpgp.engine". */
gpgme_ctx_t pgp_context(GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Sets the error that FAILURE of GPGME stands for; DOING completes "OpenPGP cannot …". */
gboolean pgp_refuse(GError **error, gpgme_error_t failure, const char *doing);

/* MEMORY is read in place and must outlive the data. */
gpgme_data_t pgp_input(const void *memory, gsize size);

/* Collects at most LIMIT bytes; must outlive the data made of it. */
typedef struct {
    GByteArray *bytes;
    gsize limit;
    gboolean overflowed;
} PgpOutput;
gpgme_data_t pgp_output(PgpOutput *output);

/* The key with exactly this primary fingerprint, as gpg lists it now. WITH_SECRET also asks the
 * agent which private halves are here. NULL with "key.missing". */
gpgme_key_t pgp_key(gpgme_ctx_t context, const char *fingerprint, gboolean with_secret,
                    GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Fit for use now: whole key, and a subkey that can sign (SIGN) or encrypt. */
gboolean pgp_key_check(gpgme_key_t key, gboolean sign, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* A wrapped key, or a login secret, as OpenPGP message. */
#define WRAPPED_MAX (64 * 1024)

/* gpgme_key_t, NULL-terminated, each looked up and checked now. NULL as pgp_key_check(). */
GPtrArray *pgp_recipients(gpgme_ctx_t context, char *const *fingerprints,
                          GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* SIZE bytes at SECRET, encrypted to KEYS of pgp_recipients(). */
GBytes *pgp_wrap_to(gpgme_ctx_t context, GPtrArray *keys, const void *secret, gsize size,
                    GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Decrypts, and with VERIFY collects what is signed. gpg gives plaintext out before it has seen the
 * end: OUTPUT counts only when this is TRUE. */
gboolean pgp_open(gpgme_ctx_t context, const void *memory, gsize size, gboolean verify,
                  PgpOutput *output, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Does the user id carry ADDRESS, and was it neither revoked nor damaged? */
gboolean pgp_uid_carries(gpgme_user_id_t uid, const char *address);

/* When it can be encrypted to no more, in seconds since 1970; 0 for never. */
gint64 pgp_key_expiry(gpgme_key_t key);
/* Every key that NAME (fingerprint, key id or address; NULL: any) stands for, fit or not; with
 * SECRET of those whose private half is here. gpg's own matching is far looser. */
GPtrArray *pgp_candidates(const char *name, gboolean secret,
                          GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Fingerprint of the one key of KEYS (at least one), which NAME stands for; two are an error that
 * names both. */
char *pgp_the_one(GPtrArray *keys, const char *name, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Of a signature without an error: SIG_GOOD, or what its summary, its key's use or its hash say
 * against it. */
SignatureStatus pgp_good_or(gpgme_signature_t signature);

/* Appends a Signature for each one of the last verification in CONTEXT; how many. */
guint pgp_collect_signatures(gpgme_ctx_t context, const char *from, GPtrArray *signatures);
