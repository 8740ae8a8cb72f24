/* Published vectors: NIST GCM, FIPS 197, RFC 7748, RFC 5869, RFC 4231, RFC 7914. */
#include "crypto/aead.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

/* The tag behind the text. */
static void gcm_seal(const guint8 key[static KEY_SIZE], const guint8 nonce[static GCM_NONCE],
                     const guint8 *ad, gsize ad_size, const guint8 *in, gsize size, guint8 *out)
{
    g_autoptr(GcmKey) gcm = gcm_key_new(key);
    gcm_key_seal(gcm, nonce, ad, ad_size, in, size, out, out + size);
}

static gboolean gcm_open(const guint8 key[static KEY_SIZE], const guint8 nonce[static GCM_NONCE],
                         const guint8 *ad, gsize ad_size, const guint8 *in, gsize size, guint8 *out)
{
    if (size < GCM_TAG)
        return FALSE;
    g_autoptr(GcmKey) gcm = gcm_key_new(key);
    gsize plain = size - GCM_TAG;
    return gcm_key_open(gcm, nonce, ad, ad_size, in, plain, out, in + plain);
}

/* Bytes of a hex string; NULL-safe, at most SIZE. */
static gsize unhex(const char *hex, guint8 *out, gsize size)
{
    gsize n = strlen(hex) / 2;
    assert_true(n <= size);
    for (gsize i = 0; i < n; i++)
        out[i] =
            (guint8)(g_ascii_xdigit_value(hex[2 * i]) << 4 | g_ascii_xdigit_value(hex[2 * i + 1]));
    return n;
}

static void assert_hex(const guint8 *bytes, const char *hex)
{
    guint8 expected[256];
    gsize size = unhex(hex, expected, sizeof expected);
    assert_memory_equal(bytes, expected, size);
}

#define ZERO32 "0000000000000000000000000000000000000000000000000000000000000000"
#define FEFF "feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308"

static const struct {
    const char *key, *nonce, *ad, *plain, *sealed;
} gcm_cases[] = {
    {ZERO32, "000000000000000000000000", "", "", "530f8afbc74536b9a963b4f1c4cb738b"},
    {ZERO32, "000000000000000000000000", "", "00000000000000000000000000000000",
     "cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919"},
    {FEFF, "cafebabefacedbaddecaf888", "feedfacedeadbeeffeedfacedeadbeefabaddad2",
     "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
     "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39",
     "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa"
     "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662"
     "76fc6ece0f4e1768cddf8853bb2d551b"},
};

static void gcm_matches_the_published_vectors(void **state)
{
    (void)state;
    for (gsize i = 0; i < G_N_ELEMENTS(gcm_cases); i++) {
        guint8 key[KEY_SIZE], nonce[GCM_NONCE], ad[64], plain[128], sealed[144], opened[128];
        unhex(gcm_cases[i].key, key, sizeof key);
        unhex(gcm_cases[i].nonce, nonce, sizeof nonce);
        gsize ad_size = unhex(gcm_cases[i].ad, ad, sizeof ad);
        gsize size = unhex(gcm_cases[i].plain, plain, sizeof plain);
        gcm_seal(key, nonce, ad, ad_size, plain, size, sealed);
        assert_hex(sealed, gcm_cases[i].sealed);
        assert_true(gcm_open(key, nonce, ad, ad_size, sealed, size + GCM_TAG, opened));
        assert_memory_equal(opened, plain, size);
    }
}

static void one_context_seals_and_opens_many_blocks_in_place(void **state)
{
    (void)state;
    guint8 key[KEY_SIZE] = {1}, nonce[GCM_NONCE] = {0}, tag[GCM_TAG];
    g_autoptr(GcmKey) gcm = gcm_key_new(key);
    for (guint8 i = 0; i < 20; i++) {
        guint8 block[100], alone[100 + GCM_TAG];
        memset(block, i, sizeof block);
        nonce[11] = i;
        gcm_seal(key, nonce, &i, 1, block, sizeof block, alone);
        gcm_key_seal(gcm, nonce, &i, 1, block, sizeof block, block, tag);
        assert_memory_equal(block, alone, sizeof block);
        assert_memory_equal(tag, alone + sizeof block, GCM_TAG);
        assert_true(gcm_key_open(gcm, nonce, &i, 1, block, sizeof block, block, tag));
        assert_int_equal(block[99], i);
    }
}

static void every_flipped_bit_is_noticed_and_nothing_leaks(void **state)
{
    (void)state;
    static const guint8 plain[8] = "needles", zero[8];
    guint8 key[KEY_SIZE] = {7}, nonce[GCM_NONCE] = {9}, sealed[sizeof plain + GCM_TAG], out[8];
    gcm_seal(key, nonce, (const guint8 *)"ad", 2, plain, sizeof plain, sealed);
    for (gsize bit = 0; bit < 8 * sizeof sealed; bit++) {
        sealed[bit / 8] ^= (guint8)(1 << bit % 8);
        memset(out, 0xff, sizeof out);
        assert_false(gcm_open(key, nonce, (const guint8 *)"ad", 2, sealed, sizeof sealed, out));
        assert_memory_equal(out, zero, sizeof out);
        sealed[bit / 8] ^= (guint8)(1 << bit % 8);
    }
    assert_false(gcm_open(key, nonce, (const guint8 *)"aD", 2, sealed, sizeof sealed, out));
    assert_false(gcm_open(key, nonce, (const guint8 *)"ad", 2, sealed, GCM_TAG - 1, out));
    nonce[0] ^= 1;
    assert_false(gcm_open(key, nonce, (const guint8 *)"ad", 2, sealed, sizeof sealed, out));
}

static void one_aes_block_matches_fips_197(void **state)
{
    (void)state;
    guint8 key[KEY_SIZE], plain[16], out[16];
    for (guint8 i = 0; i < KEY_SIZE; i++)
        key[i] = i;
    unhex("00112233445566778899aabbccddeeff", plain, sizeof plain);
    aes_block(key, TRUE, plain, out);
    assert_hex(out, "8ea2b7ca516745bfeafc49904b496089");
    aes_block(key, FALSE, out, out);
    assert_memory_equal(out, plain, sizeof plain);
}

static void x25519_matches_rfc_7748(void **state)
{
    (void)state;
    guint8 alice[KEY_SIZE], bob[KEY_SIZE], public_key[KEY_SIZE], shared[KEY_SIZE];
    unhex("77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a", alice, KEY_SIZE);
    unhex("5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb", bob, KEY_SIZE);
    x25519_public(alice, public_key);
    assert_hex(public_key, "8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a");
    assert_true(x25519_agree(bob, public_key, shared));
    assert_hex(shared, "4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742");
    x25519_public(bob, public_key);
    assert_hex(public_key, "de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f");
    assert_true(x25519_agree(alice, public_key, shared));
    assert_hex(shared, "4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742");
}

static void a_public_key_of_low_order_is_refused(void **state)
{
    (void)state;
    static const char *const points[] = {
        ZERO32,
        "0100000000000000000000000000000000000000000000000000000000000000",
        "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
        "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    };
    guint8 own[KEY_SIZE], own_public[KEY_SIZE], peer[KEY_SIZE], shared[KEY_SIZE];
    x25519_generate(own, own_public);
    for (gsize i = 0; i < G_N_ELEMENTS(points); i++) {
        unhex(points[i], peer, sizeof peer);
        assert_false(x25519_agree(own, peer, shared));
    }
}

static void generated_keys_differ_and_agree(void **state)
{
    (void)state;
    guint8 a[KEY_SIZE], a_public[KEY_SIZE], b[KEY_SIZE], b_public[KEY_SIZE];
    guint8 one[KEY_SIZE], other[KEY_SIZE];
    x25519_generate(a, a_public);
    x25519_generate(b, b_public);
    assert_memory_not_equal(a, b, KEY_SIZE);
    assert_true(x25519_agree(a, b_public, one));
    assert_true(x25519_agree(b, a_public, other));
    assert_memory_equal(one, other, KEY_SIZE);
}

static void hkdf_matches_rfc_5869(void **state)
{
    (void)state;
    guint8 secret[22], salt[13], info[10], out[42];
    memset(secret, 0x0b, sizeof secret);
    unhex("000102030405060708090a0b0c", salt, sizeof salt);
    unhex("f0f1f2f3f4f5f6f7f8f9", info, sizeof info);
    hkdf_sha256(secret, sizeof secret, salt, sizeof salt, info, sizeof info, out, sizeof out);
    assert_hex(out, "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf"
                    "34007208d5b887185865");
    hkdf_sha256(secret, sizeof secret, NULL, 0, NULL, 0, out, sizeof out);
    assert_hex(out, "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d"
                    "9d201395faa4b61a96c8");
}

static void assert_mac(guint8 key_byte, gsize key_size, const char *key_text, const char *data,
                       const char *hex)
{
    guint8 key[131], out[MAC_SIZE];
    memset(key, key_byte, sizeof key);
    const guint8 *used = key_text ? (const guint8 *)key_text : key;
    g_autoptr(Mac) mac = mac_new(used, key_text ? strlen(key_text) : key_size);
    for (const char *p = data; *p; p++)
        mac_update(mac, p, 1);
    mac_update(mac, data, 0);
    mac_finish(mac, out);
    assert_hex(out, hex);
}

static void hmac_matches_rfc_4231(void **state)
{
    (void)state;
    assert_mac(0x0b, 20, NULL, "Hi There",
               "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
    assert_mac(0, 0, "Jefe", "what do ya want for nothing?",
               "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    assert_mac(0xaa, 131, NULL, "Test Using Larger Than Block-Size Key - Hash Key First",
               "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

static void a_mac_begins_anew_when_it_has_ended_or_was_broken_off(void **state)
{
    (void)state;
    guint8 out[MAC_SIZE];
    g_autoptr(Mac) mac = mac_new((const guint8 *)"Jefe", 4);
    for (int i = 0; i < 2; i++) {
        mac_update(mac, "something else", 14);
        mac_reset(mac);
        mac_update(mac, "what do ya want for nothing?", 28);
        mac_finish(mac, out);
        assert_hex(out, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    }
}

static void scrypt_matches_rfc_7914(void **state)
{
    (void)state;
    guint8 out[64], wanted[64];
    unhex("fdbabe1c9d3472007856e7190d01e9fe7c6ad7cbc8237830e77376634b373162"
          "2eaf30d92e22a3886ff109279d9830dac727afb94a83ee6d8360cbdfa2cc0640",
          wanted, sizeof wanted);
    scrypt_hash((const guint8 *)"password", 8, (const guint8 *)"NaCl", 4, 1024, 8, 16, out,
                sizeof out);
    assert_memory_equal(out, wanted, sizeof wanted);
    unhex("77d6576238657b203b19ca42c18a0497f16b4844e3074ae8dfdffa3fede21442"
          "fcd0069ded0948f8326a753a0fc81f17e8d3e0fb2e0d3628cf35e20c38d18906",
          wanted, sizeof wanted);
    scrypt_hash(NULL, 0, NULL, 0, 16, 1, 1, out, sizeof out);
    assert_memory_equal(out, wanted, sizeof wanted);
}

static void random_bytes_are_not_repeated(void **state)
{
    (void)state;
    guint8 one[32] = {0}, other[32] = {0};
    random_bytes(one, sizeof one);
    random_bytes(other, sizeof other);
    assert_memory_not_equal(one, other, sizeof one);
}

static void leave(const char *domain, GLogLevelFlags level, const char *message, gpointer user)
{
    (void)domain, (void)level, (void)message, (void)user;
    exit(3);
}

/* Once by the log's handler, which a build that counts branches survives. */
static void assert_tells(void (*impossible)(void))
{
    pid_t child = fork();
    if (child == 0) {
        g_log_set_default_handler(leave, NULL);
        impossible();
        _exit(0);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 3);
}

/* There is nothing sensible to do without it, and half a nonce or no tag would be worse. */
static void assert_ends(void (*impossible)(void))
{
    assert_tells(impossible);
    pid_t child = fork();
    if (child == 0) {
        struct rlimit none = {0, 0};
        (void)setrlimit(RLIMIT_CORE, &none);
        (void)close(STDERR_FILENO);
        signal(SIGABRT, SIG_DFL);
        signal(SIGTRAP, SIG_DFL);
        impossible();
        _exit(0);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status));
    assert_true(WTERMSIG(status) == SIGTRAP || WTERMSIG(status) == SIGABRT);
}

static guint8 byte[64];

static void too_many_random_bytes(void)
{
    random_bytes(byte, (gsize)G_MAXINT + 1);
}

static void too_large_a_block(void)
{
    g_autoptr(GcmKey) key = gcm_key_new((const guint8 *)"thirty-two bytes of a test key!!");
    gcm_key_seal(key, byte, NULL, 0, byte, (gsize)G_MAXINT + 1, byte, byte);
}

static void too_much_associated_data(void)
{
    g_autoptr(GcmKey) key = gcm_key_new((const guint8 *)"thirty-two bytes of a test key!!");
    gcm_key_seal(key, byte, byte, (gsize)G_MAXINT + 1, byte, 1, byte, byte);
}

static void too_long_a_derived_key(void)
{
    guint8 *out = g_malloc(255 * 32 + 1);
    hkdf_sha256(byte, sizeof byte, NULL, 0, "", 0, out, 255 * 32 + 1);
}

static void p4_what_libcrypto_cannot_do_ends_the_process(void **state)
{
    (void)state;
    assert_ends(too_many_random_bytes);
    assert_ends(too_large_a_block);
    assert_ends(too_much_associated_data);
    assert_ends(too_long_a_derived_key);
    gcm_key_free(NULL);
    mac_free(NULL);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(gcm_matches_the_published_vectors),
        cmocka_unit_test(one_context_seals_and_opens_many_blocks_in_place),
        cmocka_unit_test(every_flipped_bit_is_noticed_and_nothing_leaks),
        cmocka_unit_test(one_aes_block_matches_fips_197),
        cmocka_unit_test(x25519_matches_rfc_7748),
        cmocka_unit_test(a_public_key_of_low_order_is_refused),
        cmocka_unit_test(generated_keys_differ_and_agree),
        cmocka_unit_test(hkdf_matches_rfc_5869),
        cmocka_unit_test(hmac_matches_rfc_4231),
        cmocka_unit_test(a_mac_begins_anew_when_it_has_ended_or_was_broken_off),
        cmocka_unit_test(scrypt_matches_rfc_7914),
        cmocka_unit_test(random_bytes_are_not_repeated),
        cmocka_unit_test(p4_what_libcrypto_cannot_do_ends_the_process),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
