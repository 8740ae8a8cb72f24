/* Signatures around a message and its parts: what they cover, and what they do not. */
#include "core/error.h"
#include "core/limits.h"
#include "crypto/pgp.h"
#include "tests/unit/crypto/mail-fixture.h"

/* "friend" signs ENTITY; the armored signature. */
static char *signature_by(const char *key, const char *entity)
{
    gnupg_home_use(home, strcmp(key, "owner") == 0 ? "own" : "others");
    g_autoptr(GBytes) data = bytes_of(entity);
    g_autofree char *micalg = NULL;
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) signature = pgp_sign(gnupg_home_key(home, key), data, &micalg, &error);
    assert_null(error);
    gnupg_home_use(home, "own");
    return string_of(signature);
}

static void a_plain_message_is_neither(void **state)
{
    (void)state;
    g_autoptr(Reading) reading = open_text(FRIEND, TEXT);
    assert_null(reading->locked);
    assert_false(reading->protection->encrypted);
    assert_int_equal(reading->protection->signatures->len, 0);
    assert_int_equal(block_at(reading, 0)->signature, -1);
    assert_string_equal(block_at(reading, 0)->text, "hello\n");
    g_autoptr(IndexDoc) doc = reading_index_doc(reading);
    assert_int_equal(doc->signature, SIGNATURE_NONE);
}

static void a_signed_root_covers_the_whole(void **state)
{
    (void)state;
    g_autofree char *entity = signed_as("friend", TEXT, TEXT);
    g_autoptr(Reading) reading = open_text(FRIEND, entity);
    const Signature *signature = signature_at(reading, 0);
    assert_int_equal(signature->status, SIG_GOOD);
    assert_int_equal(signature->trust, TRUST_CONFIRMED);
    assert_true(signature->whole);
    assert_true(signature->from_matches);
    assert_string_equal(signature->fingerprint, gnupg_home_key(home, "friend"));
    assert_int_equal(reading->blocks->len, 1);
    assert_int_equal(block_at(reading, 0)->signature, 0);
    assert_false(block_at(reading, 0)->encrypted);
    g_autoptr(IndexDoc) doc = reading_index_doc(reading);
    assert_int_equal(doc->signature, SIGNATURE_GOOD_AT_INDEX);
    assert_true(doc->is_signed);
}

/* Mail stores keep LF; what was signed had CRLF. */
static void line_ends_are_made_what_was_signed(void **state)
{
    (void)state;
    g_autofree char *entity = signed_as("friend", TEXT, TEXT);
    g_autoptr(GString) unix_ends = g_string_new(entity);
    g_string_replace(unix_ends, "\r\n", "\n", 0);
    g_autoptr(Reading) reading = open_text(FRIEND, unix_ends->str);
    assert_int_equal(signature_at(reading, 0)->status, SIG_GOOD);
}

static void other_bytes_are_a_bad_signature(void **state)
{
    (void)state;
    g_autofree char *entity =
        signed_as("friend", "Content-Type: text/plain\r\n\r\nhell0\r\n", TEXT);
    g_autoptr(Reading) reading = open_text(FRIEND, entity);
    assert_int_equal(signature_at(reading, 0)->status, SIG_BAD);
    g_autoptr(IndexDoc) doc = reading_index_doc(reading);
    assert_int_equal(doc->signature, SIGNATURE_PRESENT);
}

/* Headers of the part count too, and so does white space: nothing is written anew. */
static void the_exact_bytes_are_verified(void **state)
{
    (void)state;
    static const char odd[] = "content-TYPE:text/plain;\r\n\tcharset=utf-8\r\nX-Odd:  two \r\n"
                              "\r\nhello \r\n\r\n";
    g_autofree char *good = signed_as("friend", odd, odd);
    g_autoptr(Reading) reading = open_text(FRIEND, good);
    assert_int_equal(signature_at(reading, 0)->status, SIG_GOOD);
}

/* CVE-2021-4126: a list puts its footer beside the signed part. */
static void p7_68_a_footer_outside_is_not_covered(void **state)
{
    (void)state;
    g_autofree char *part = signed_as("friend", TEXT, TEXT);
    g_autofree char *entity = g_strdup_printf(
        "Content-Type: multipart/mixed; boundary=m\r\n\r\npreamble\r\n--m\r\n%s"
        "\r\n--m\r\nContent-Type: text/plain\r\n\r\nfooter\r\n--m--\r\nepilogue\r\n",
        part);
    g_autoptr(Reading) reading = open_text(FRIEND, entity);
    assert_int_equal(signature_at(reading, 0)->status, SIG_GOOD);
    assert_false(signature_at(reading, 0)->whole);
    assert_int_equal(reading->blocks->len, 2);
    assert_int_equal(block_at(reading, 0)->signature, 0);
    assert_int_equal(block_at(reading, 1)->signature, -1);
    assert_string_equal(block_at(reading, 1)->text, "footer");
    g_autoptr(IndexDoc) doc = reading_index_doc(reading);
    assert_int_equal(doc->signature, SIGNATURE_PRESENT);
}

static void p7_68_one_or_three_children_are_not_signed(void **state)
{
    (void)state;
    g_autofree char *signature = signature_by("friend", TEXT);
    g_autofree char *three = g_strdup_printf(
        "Content-Type: multipart/signed; boundary=s; protocol=\"application/pgp-signature\"\r\n"
        "\r\n--s\r\n%s\r\n--s\r\nContent-Type: application/pgp-signature\r\n\r\n%s\r\n--s\r\n"
        "Content-Type: text/plain\r\n\r\nthird\r\n--s--\r\n",
        TEXT, signature);
    g_autofree char *one = g_strdup_printf(
        "Content-Type: multipart/signed; boundary=s; protocol=\"application/pgp-signature\"\r\n"
        "\r\n--s\r\n%s\r\n--s--\r\n",
        TEXT);
    g_autofree char *other = g_strdup_printf(
        "Content-Type: multipart/signed; boundary=s; protocol=\"application/x-other\"\r\n"
        "\r\n--s\r\n%s\r\n--s\r\nContent-Type: application/pgp-signature\r\n\r\n%s\r\n--s--\r\n",
        TEXT, signature);
    const char *const cases[] = {three, one, other};
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(Reading) reading = open_text(FRIEND, cases[i]);
        assert_int_equal(reading->protection->signatures->len, 0);
        for (guint n = 0; n < reading->blocks->len; n++)
            assert_int_equal(block_at(reading, n)->signature, -1);
    }
}

static void p7_69_a_forwarded_signed_message_covers_a_part(void **state)
{
    (void)state;
    g_autofree char *part = signed_as("friend", TEXT, TEXT);
    g_autofree char *entity = g_strdup_printf(
        "Content-Type: multipart/mixed; boundary=m\r\n\r\n--m\r\n\r\nsee below\r\n--m\r\n"
        "Content-Type: message/rfc822\r\n\r\nFrom: Friend <friend@corp.example>\r\n%s\r\n--m--\r\n",
        part);
    g_autoptr(Reading) reading = open_text("Mallory <mallory@evil.example>", entity);
    assert_int_equal(signature_at(reading, 0)->status, SIG_GOOD);
    assert_false(signature_at(reading, 0)->whole);
    assert_false(signature_at(reading, 0)->from_matches);
    assert_int_equal(block_at(reading, 0)->signature, -1);
    assert_int_equal(block_at(reading, 1)->signature, 0);
}

static void p7_72_a_strangers_good_signature_is_not_confirmed(void **state)
{
    (void)state;
    g_autofree char *entity = signed_as("stranger", TEXT, TEXT);
    g_autoptr(Reading) reading = open_text(FRIEND, entity);
    assert_int_equal(signature_at(reading, 0)->status, SIG_GOOD);
    assert_int_equal(signature_at(reading, 0)->trust, TRUST_SEEN);
    g_autoptr(IndexDoc) doc = reading_index_doc(reading);
    assert_int_equal(doc->signature, SIGNATURE_PRESENT);
}

static void p7_73_the_worst_of_two_is_told_for_the_text(void **state)
{
    (void)state;
    g_autofree char *both = signature_by("friend", TEXT);
    g_autofree char *bad = signature_by("friend", "other text");
    g_autofree char *entity = g_strdup_printf(
        "Content-Type: multipart/signed; boundary=s; protocol=\"application/pgp-signature\"\r\n"
        "\r\n--s\r\n%s\r\n--s\r\nContent-Type: application/pgp-signature\r\n\r\n%s\r\n%s\r\n"
        "--s--\r\n",
        TEXT, both, bad);
    g_autoptr(Reading) reading = open_text(FRIEND, entity);
    const Block *block = block_at(reading, 0);
    assert_true(block->signature >= 0);
    for (guint i = 0; i < reading->protection->signatures->len; i++)
        assert_true(signature_at(reading, (guint)block->signature)->status >=
                    signature_at(reading, i)->status);
    assert_int_equal(reading->protection->signatures->len, 2);
    g_autoptr(IndexDoc) doc = reading_index_doc(reading);
    assert_int_equal(doc->signature, SIGNATURE_PRESENT);
}

static void p7_74_two_from_match_nobody(void **state)
{
    (void)state;
    g_autofree char *part = signed_as("friend", TEXT, TEXT);
    g_autofree char *entity = g_strconcat("From: Boss <other@corp.example>\r\n", part, NULL);
    g_autoptr(Reading) reading = open_text(FRIEND, entity);
    assert_int_equal(signature_at(reading, 0)->status, SIG_GOOD);
    assert_false(signature_at(reading, 0)->from_matches);
}

static void a_broken_signature_is_an_error_not_silence(void **state)
{
    (void)state;
    g_autofree char *entity = g_strdup_printf(
        "Content-Type: multipart/signed; boundary=s; protocol=\"application/pgp-signature\"\r\n"
        "\r\n--s\r\n%s\r\n--s\r\nContent-Type: application/pgp-signature\r\n\r\nnonsense\r\n"
        "--s--\r\n",
        TEXT);
    g_autoptr(Reading) reading = open_text(FRIEND, entity);
    assert_int_equal(signature_at(reading, 0)->status, SIG_ERROR);
    assert_int_equal(block_at(reading, 0)->signature, 0);
}

static void limit_signed_parts(void **state)
{
    (void)state;
    g_autofree char *part = signed_as("friend", TEXT, TEXT);
    g_autoptr(GString) entity = g_string_new("Content-Type: multipart/mixed; boundary=m\r\n\r\n");
    for (guint i = 0; i < LIMIT_SIGNED_PARTS + 2; i++)
        g_string_append_printf(entity, "--m\r\n%s\r\n", part);
    g_string_append(entity, "--m--\r\n");
    g_autoptr(Reading) reading = open_text(FRIEND, entity->str);
    assert_int_equal(reading->protection->signatures->len, LIMIT_SIGNED_PARTS);
    assert_int_equal(block_at(reading, LIMIT_SIGNED_PARTS)->signature, -1);
}

static void limit_signature_bytes(void **state)
{
    (void)state;
    g_autofree char *signature = signature_by("friend", TEXT);
    g_autofree char *padding = g_strnfill(LIMIT_SIGNATURE_BYTES, '\n');
    g_autofree char *entity = g_strdup_printf(
        "Content-Type: multipart/signed; boundary=s; protocol=\"application/pgp-signature\"\r\n"
        "\r\n--s\r\n%s\r\n--s\r\nContent-Type: application/pgp-signature\r\n\r\n%s%s\r\n--s--\r\n",
        TEXT, signature, padding);
    g_autoptr(Reading) reading = open_text(FRIEND, entity);
    assert_int_equal(signature_at(reading, 0)->status, SIG_ERROR);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_plain_message_is_neither),
        cmocka_unit_test(a_signed_root_covers_the_whole),
        cmocka_unit_test(line_ends_are_made_what_was_signed),
        cmocka_unit_test(other_bytes_are_a_bad_signature),
        cmocka_unit_test(the_exact_bytes_are_verified),
        cmocka_unit_test(p7_68_a_footer_outside_is_not_covered),
        cmocka_unit_test(p7_68_one_or_three_children_are_not_signed),
        cmocka_unit_test(p7_69_a_forwarded_signed_message_covers_a_part),
        cmocka_unit_test(p7_72_a_strangers_good_signature_is_not_confirmed),
        cmocka_unit_test(p7_73_the_worst_of_two_is_told_for_the_text),
        cmocka_unit_test(p7_74_two_from_match_nobody),
        cmocka_unit_test(a_broken_signature_is_an_error_not_silence),
        cmocka_unit_test(limit_signed_parts),
        cmocka_unit_test(limit_signature_bytes),
    };
    return cmocka_run_group_tests(tests, make_home, remove_home);
}
