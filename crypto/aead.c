/* See aead.h. */
#include "crypto/aead.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <openssl/rand.h>
#include <string.h>

G_DEFINE_AUTOPTR_CLEANUP_FUNC(EVP_CIPHER_CTX, EVP_CIPHER_CTX_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(EVP_KDF_CTX, EVP_KDF_CTX_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(EVP_PKEY, EVP_PKEY_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(EVP_PKEY_CTX, EVP_PKEY_CTX_free)

static void must(gboolean worked, const char *what)
{
    if (worked)
        return;
    char reason[256];
    ERR_error_string_n(ERR_get_error(), reason, sizeof reason);
    g_error("libcrypto cannot do %s: %s", what, reason);
}

/* Looking an algorithm up takes longer than sealing a short message with it: once a process. */
typedef struct {
    EVP_CIPHER *gcm, *block;
    EVP_KDF *hkdf;
    EVP_MAC *hmac;
} Algorithms;

static gpointer look_up(gpointer unused)
{
    static Algorithms all;
    (void)unused;
    /* OPENSSL_CONF could otherwise name modules to be loaded into us. */
    must(OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, NULL) == 1, "its start");
    all = (Algorithms){
        .gcm = EVP_CIPHER_fetch(NULL, "AES-256-GCM", NULL),
        .block = EVP_CIPHER_fetch(NULL, "AES-256-ECB", NULL),
        .hkdf = EVP_KDF_fetch(NULL, OSSL_KDF_NAME_HKDF, NULL),
        .hmac = EVP_MAC_fetch(NULL, OSSL_MAC_NAME_HMAC, NULL),
    };
    must(all.gcm != NULL, "AES-256-GCM");
    must(all.block != NULL, "AES-256");
    must(all.hkdf != NULL, "HKDF");
    must(all.hmac != NULL, "HMAC");
    return &all;
}

static const Algorithms *algorithms(void)
{
    static GOnce once = G_ONCE_INIT;
    return g_once(&once, look_up, NULL);
}

void random_bytes(void *out, gsize size)
{
    algorithms();
    must(size <= G_MAXINT, "so many random bytes");
    must(RAND_bytes(out, (int)size) == 1, "random bytes");
}

/* --- AES-256-GCM and one block of AES ------------------------------------------------------ */

/* One context for both ways: GCM only ever runs the cipher forwards. */
struct GcmKey {
    EVP_CIPHER_CTX *context;
};

GcmKey *gcm_key_new(const guint8 key[static KEY_SIZE])
{
    GcmKey *self = g_new0(GcmKey, 1);
    self->context = EVP_CIPHER_CTX_new();
    must(self->context != NULL, "a context");
    must(EVP_EncryptInit_ex(self->context, algorithms()->gcm, NULL, key, NULL) == 1,
         "an AES-256-GCM key");
    return self;
}

void gcm_key_free(GcmKey *key)
{
    if (key)
        EVP_CIPHER_CTX_free(key->context);
    g_free(key);
}

/* All but the tag. */
static void gcm_run(GcmKey *key, gboolean encrypt, const guint8 nonce[static GCM_NONCE],
                    const guint8 *ad, gsize ad_size, const guint8 *in, gsize size, guint8 *out)
{
    int n;
    must(size <= G_MAXINT, "blocks of that size");
    must(ad_size <= G_MAXINT, "associated data of that size");
    must(EVP_CipherInit_ex(key->context, NULL, NULL, NULL, nonce, encrypt) == 1, "a nonce");
    if (ad_size > 0)
        must(EVP_CipherUpdate(key->context, NULL, &n, ad, (int)ad_size) == 1, "associated data");
    if (size > 0)
        must(EVP_CipherUpdate(key->context, out, &n, in, (int)size) == 1,
             "encryption or decryption");
}

void gcm_key_seal(GcmKey *key, const guint8 nonce[static GCM_NONCE], const guint8 *ad,
                  gsize ad_size, const guint8 *in, gsize size, guint8 *out,
                  guint8 tag[static GCM_TAG])
{
    int n;
    gcm_run(key, TRUE, nonce, ad, ad_size, in, size, out);
    must(EVP_CipherFinal_ex(key->context, tag, &n) == 1, "an end");
    must(EVP_CIPHER_CTX_ctrl(key->context, EVP_CTRL_AEAD_GET_TAG, GCM_TAG, tag) == 1, "a tag");
}

gboolean gcm_key_open(GcmKey *key, const guint8 nonce[static GCM_NONCE], const guint8 *ad,
                      gsize ad_size, const guint8 *in, gsize size, guint8 *out,
                      const guint8 tag[static GCM_TAG])
{
    int n;
    guint8 expected[GCM_TAG], none[1];
    memcpy(expected, tag, GCM_TAG);
    gcm_run(key, FALSE, nonce, ad, ad_size, in, size, out);
    must(EVP_CIPHER_CTX_ctrl(key->context, EVP_CTRL_AEAD_SET_TAG, GCM_TAG, expected) == 1, "a tag");
    if (EVP_CipherFinal_ex(key->context, none, &n) == 1)
        return TRUE;
    ERR_clear_error();
    secret_wipe(out, size);
    return FALSE;
}

void aes_block(const guint8 key[static KEY_SIZE], gboolean encrypt, const guint8 in[static 16],
               guint8 out[static 16])
{
    g_autoptr(EVP_CIPHER_CTX) context = EVP_CIPHER_CTX_new();
    int n = 0;
    must(context != NULL, "a context");
    must(EVP_CipherInit_ex(context, algorithms()->block, NULL, key, NULL, encrypt) == 1,
         "an AES-256 key");
    must(EVP_CIPHER_CTX_set_padding(context, 0) == 1, "a bare block");
    must(EVP_CipherUpdate(context, out, &n, in, 16) == 1, "AES");
    must(n == 16, "one AES block");
}

/* --- X25519 -------------------------------------------------------------------------------- */

static EVP_PKEY *private_half(const guint8 private_key[static KEY_SIZE])
{
    algorithms();
    EVP_PKEY *key = EVP_PKEY_new_raw_private_key(EVP_PKEY_X25519, NULL, private_key, KEY_SIZE);
    must(key != NULL, "an X25519 private key");
    return key;
}

void x25519_generate(guint8 private_key[static KEY_SIZE], guint8 public_key[static KEY_SIZE])
{
    random_bytes(private_key, KEY_SIZE);
    x25519_public(private_key, public_key);
}

void x25519_public(const guint8 private_key[static KEY_SIZE], guint8 public_key[static KEY_SIZE])
{
    g_autoptr(EVP_PKEY) key = private_half(private_key);
    gsize size = KEY_SIZE;
    must(EVP_PKEY_get_raw_public_key(key, public_key, &size) == 1, "an X25519 public key");
}

gboolean x25519_agree(const guint8 private_key[static KEY_SIZE],
                      const guint8 public_key[static KEY_SIZE], guint8 shared[static KEY_SIZE])
{
    g_autoptr(EVP_PKEY) own = private_half(private_key);
    g_autoptr(EVP_PKEY) peer =
        EVP_PKEY_new_raw_public_key(EVP_PKEY_X25519, NULL, public_key, KEY_SIZE);
    g_autoptr(EVP_PKEY_CTX) context = EVP_PKEY_CTX_new(own, NULL);
    must(peer != NULL, "an X25519 public key");
    must(context != NULL, "a context");
    must(EVP_PKEY_derive_init(context) == 1, "an X25519 agreement");
    must(EVP_PKEY_derive_set_peer(context, peer) == 1, "an agreement with that key");
    gsize size = KEY_SIZE;
    if (EVP_PKEY_derive(context, shared, &size) == 1)
        return TRUE;
    ERR_clear_error();
    secret_wipe(shared, KEY_SIZE);
    return FALSE;
}

/* --- HKDF and HMAC ------------------------------------------------------------------------- */

static OSSL_PARAM octets(const char *name, const void *data, gsize size)
{
    return OSSL_PARAM_construct_octet_string(name, (void *)data, size);
}

static OSSL_PARAM sha256(const char *name)
{
    return OSSL_PARAM_construct_utf8_string(name, (char *)"SHA256", 0);
}

void hkdf_sha256(const guint8 *secret, gsize secret_size, const guint8 *salt, gsize salt_size,
                 const void *info, gsize info_size, guint8 *out, gsize out_size)
{
    OSSL_PARAM params[5] = {
        sha256(OSSL_KDF_PARAM_DIGEST),
        octets(OSSL_KDF_PARAM_KEY, secret, secret_size),
        octets(OSSL_KDF_PARAM_INFO, info, info_size),
    };
    /* Without salt the RFC's string of zeros is meant, which is the library's default. */
    params[3] =
        salt_size > 0 ? octets(OSSL_KDF_PARAM_SALT, salt, salt_size) : OSSL_PARAM_construct_end();
    params[4] = OSSL_PARAM_construct_end();
    g_autoptr(EVP_KDF_CTX) context = EVP_KDF_CTX_new(algorithms()->hkdf);
    must(context != NULL, "a context");
    must(EVP_KDF_derive(context, out, out_size, params) == 1, "HKDF-SHA256");
}

Secret *derive_key(const Secret *from, const char *purpose)
{
    guint8 derived[KEY_SIZE];
    hkdf_sha256(secret_bytes(from), secret_size(from), NULL, 0, purpose, strlen(purpose), derived,
                sizeof derived);
    Secret *key = secret_new(derived, sizeof derived);
    secret_wipe(derived, sizeof derived);
    return key;
}

void scrypt_hash(const guint8 *secret, gsize secret_size, const guint8 *salt, gsize salt_size,
                 guint64 n, guint32 r, guint32 p, guint8 *out, gsize out_size)
{
    /* The last is the memory that the library may take: what it needs, and as much for itself. */
    algorithms();
    must(EVP_PBE_scrypt((const char *)secret, secret_size, salt, salt_size, n, r, p, 256 * n * r,
                        out, out_size) == 1,
         "scrypt");
}

struct Mac {
    EVP_MAC_CTX *context;
};

Mac *mac_new(const guint8 *key, gsize key_size)
{
    OSSL_PARAM params[] = {sha256(OSSL_MAC_PARAM_DIGEST), OSSL_PARAM_construct_end()};
    Mac *self = g_new0(Mac, 1);
    self->context = EVP_MAC_CTX_new(algorithms()->hmac);
    must(self->context != NULL, "a context");
    must(EVP_MAC_init(self->context, key, key_size, params) == 1, "HMAC-SHA256");
    return self;
}

void mac_update(Mac *mac, const void *data, gsize size)
{
    must(EVP_MAC_update(mac->context, data, size) == 1, "HMAC-SHA256");
}

void mac_finish(Mac *mac, guint8 out[static MAC_SIZE])
{
    gsize size;
    must(EVP_MAC_final(mac->context, out, &size, MAC_SIZE) == 1, "HMAC-SHA256");
    mac_reset(mac);
}

void mac_reset(Mac *mac)
{
    must(EVP_MAC_init(mac->context, NULL, 0, NULL) == 1, "HMAC-SHA256");
}

void mac_free(Mac *mac)
{
    if (mac)
        EVP_MAC_CTX_free(mac->context);
    g_free(mac);
}
