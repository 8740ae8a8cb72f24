/* An encrypted message, the fields within it, and what leaves. */
#include "core/error.h"
#include "core/limits.h"
#include "crypto/pgp.h"
#include "tests/unit/crypto/mail-fixture.h"

static GBytes *message_of(const char *from, const char *entity)
{
    g_autofree char *text =
        g_strdup_printf("From: %s\r\nSubject: outer\r\nMIME-Version: 1.0\r\n%s", from, entity);
    return bytes_of(text);
}

/* ENTITY encrypted to the owner. */
static void an_encrypted_root_shows_the_inner_message(void **state)
{
    (void)state;
    g_autofree char *entity = encrypted_part(TEXT);
    g_autoptr(Reading) reading = open_text(FRIEND, entity);
    assert_null(reading->locked);
    assert_true(reading->protection->encrypted);
    assert_true(block_at(reading, 0)->encrypted);
    assert_string_equal(block_at(reading, 0)->text, "hello\n");
    assert_string_equal(message_header(reading->message, "Subject"), "outer");
    assert_false(reading->protection->header_protection);
    g_autoptr(IndexDoc) doc = reading_index_doc(reading);
    assert_true(doc->encrypted);
    assert_string_equal(doc->from, "Friend <friend@corp.example>");
}

static void a_signature_inside_the_encryption_covers_the_whole(void **state)
{
    (void)state;
    g_autofree char *part = signed_part("friend", TEXT);
    g_autofree char *entity = encrypted_part(part);
    g_autoptr(Reading) reading = open_text(FRIEND, entity);
    assert_true(reading->protection->encrypted);
    assert_true(signature_at(reading, 0)->whole);
    assert_int_equal(signature_at(reading, 0)->status, SIG_GOOD);
    assert_int_equal(block_at(reading, 0)->signature, 0);
}

static void p7_76_protected_fields_replace_the_outer_ones(void **state)
{
    (void)state;
    g_autofree char *entity = encrypted_part(
        "Content-Type: text/plain; hp=\"cipher\"\r\nSubject: inner\r\nHP-Outer: Subject: x\r\n"
        "From: Friend <friend@corp.example>\r\n\r\nhello\r\n");
    g_autofree char *outer = g_strconcat("X-Outer: y\r\nReceived: from a\r\n", entity, NULL);
    g_autoptr(Reading) reading = open_text(FRIEND, outer);
    assert_true(reading->protection->header_protection);
    assert_string_equal(message_header(reading->message, "Subject"), "inner");
    assert_string_equal(message_header(reading->message, "Received"), "from a");
    assert_null(message_header(reading->message, "X-Outer"));
    assert_null(message_header(reading->message, "HP-Outer"));
}

static void p7_76_the_older_form_replaces_what_people_read(void **state)
{
    (void)state;
    g_autofree char *entity =
        encrypted_part("Content-Type: text/plain; protected-headers=\"v1\"\r\n"
                       "Subject: inner\r\nX-Inner: z\r\n\r\nhello\r\n");
    g_autofree char *outer = g_strconcat("X-Outer: y\r\n", entity, NULL);
    g_autoptr(Reading) reading = open_text(FRIEND, outer);
    assert_string_equal(message_header(reading->message, "Subject"), "inner");
    assert_string_equal(message_header(reading->message, "X-Outer"), "y");
    assert_null(message_header(reading->message, "X-Inner"));
    assert_string_equal(message_header(reading->message, "From"), FRIEND);
}

/* Nobody vouches for an inner From: encryption alone says nothing about the sender. */
static void p7_76_an_inner_from_needs_a_signature(void **state)
{
    (void)state;
    static const char forged[] = "Content-Type: text/plain; hp=\"cipher\"\r\nSubject: inner\r\n"
                                 "From: Friend <friend@corp.example>\r\n\r\nhello\r\n";
    g_autofree char *plain = encrypted_part(forged);
    g_autoptr(Reading) unsigned_one = open_text("Mallory <m@evil.example>", plain);
    assert_string_equal(message_header(unsigned_one->message, "From"), "Mallory <m@evil.example>");
    assert_string_equal(message_header(unsigned_one->message, "Subject"), "inner");

    g_autofree char *signed_entity = signed_part("friend", forged);
    g_autofree char *sealed = encrypted_part(signed_entity);
    g_autoptr(Reading) signed_one = open_text("List <list@corp.example>", sealed);
    assert_string_equal(message_header(signed_one->message, "From"), FRIEND);
    assert_true(signature_at(signed_one, 0)->from_matches);
}

static void p7_76_fields_on_a_badly_signed_part_are_ignored(void **state)
{
    (void)state;
    static const char part[] = "Content-Type: text/plain; hp=\"clear\"\r\nSubject: inner\r\n"
                               "From: Friend <friend@corp.example>\r\n\r\nhello\r\n";
    g_autofree char *bad = signed_as("friend", part, TEXT);
    g_autoptr(Reading) reading = open_text(FRIEND, bad);
    assert_string_equal(message_header(reading->message, "Subject"), "outer");
    assert_false(reading->protection->header_protection);
    g_autofree char *good = signed_part("friend", part);
    g_autoptr(Reading) right = open_text(FRIEND, good);
    assert_string_equal(message_header(right->message, "Subject"), "inner");
    g_autoptr(Reading) bare = open_text(FRIEND, part);
    assert_false(bare->protection->header_protection);
}

/* EFAIL: a ciphertext beside or below other parts stays closed. */
static void p7_66_only_the_root_is_decrypted(void **state)
{
    (void)state;
    g_autofree char *part = encrypted_part(TEXT);
    g_autofree char *entity = g_strdup_printf(
        "Content-Type: multipart/mixed; boundary=m\r\n\r\n--m\r\nContent-Type: text/html\r\n\r\n"
        "<img src=\"http://evil.example/\r\n--m\r\n%s\r\n--m\r\nContent-Type: text/html\r\n\r\n\">"
        "\r\n--m--\r\n",
        part);
    g_autoptr(Reading) reading = open_text(FRIEND, entity);
    assert_false(reading->protection->encrypted);
    for (guint i = 0; i < reading->blocks->len; i++) {
        assert_null(strstr(block_at(reading, i)->text, "hello"));
        assert_false(block_at(reading, i)->encrypted);
    }
}

static void p7_67_a_cut_ciphertext_shows_nothing(void **state)
{
    (void)state;
    g_autofree char *entity = encrypted_part(TEXT);
    const char *body = strstr(entity, "-----BEGIN");
    const char *end = strstr(entity, "-----END");
    for (const char *cut = body; cut < end; cut += 97) {
        g_autofree char *head = g_strndup(entity, (gsize)(cut - entity));
        g_autoptr(Reading) reading = open_text(FRIEND, head);
        assert_non_null(reading->locked);
        assert_int_equal(reading->blocks->len, 1);
        assert_string_equal(block_at(reading, 0)->text, "");
    }
}

static void a_malformed_encrypted_root_stays_closed(void **state)
{
    (void)state;
    static const char *const entities[] = {
        "Content-Type: multipart/encrypted; boundary=e\r\n\r\n--e\r\n\r\ntext\r\n--e--\r\n",
        "Content-Type: multipart/encrypted; boundary=e; protocol=\"application/pgp-encrypted\"\r\n"
        "\r\n--e\r\nContent-Type: application/pgp-encrypted\r\n\r\nVersion: 2\r\n--e\r\n"
        "Content-Type: application/octet-stream\r\n\r\nx\r\n--e--\r\n",
        "Content-Type: multipart/encrypted; boundary=e; protocol=\"application/pgp-encrypted\"\r\n"
        "\r\n--e\r\nContent-Type: application/pgp-encrypted\r\n\r\nVersion: 1\r\n--e\r\n"
        "Content-Type: application/octet-stream\r\n\r\nx\r\n--e\r\n\r\nthird\r\n--e--\r\n",
    };
    for (gsize i = 0; i < G_N_ELEMENTS(entities); i++) {
        g_autoptr(Reading) reading = open_text(FRIEND, entities[i]);
        assert_string_equal(postern_error_rule(reading->locked), "openpgp.data");
        assert_false(reading->protection->encrypted);
        assert_int_equal(reading->blocks->len, 1);
    }
}

/* gpg would give out what is merely signed when asked to decrypt it. */
static void p7_what_was_not_encrypted_is_not_called_so(void **state)
{
    (void)state;
    g_autofree char *signature =
        gpg("others", TEXT, "gpg --batch --quiet -u %s -a --detach-sign", key("friend"));
    g_autoptr(GBytes) data = bytes_of(signature);
    g_autoptr(GBytes) part = compose_encrypted(data);
    g_autofree char *entity = string_of(part);
    g_autoptr(Reading) reading = open_text(FRIEND, entity);
    assert_non_null(reading->locked);
    assert_string_equal(block_at(reading, 0)->text, "");
}

static void without_leave_gpg_is_not_called(void **state)
{
    (void)state;
    g_autofree char *path = g_strdup(g_getenv("PATH"));
    g_setenv("PATH", "/nonexistent", TRUE);
    g_autoptr(GBytes) sealed = g_bytes_new_static("x", 1);
    g_autoptr(GBytes) part = compose_encrypted(sealed);
    g_autofree char *entity = string_of(part);
    g_autoptr(GBytes) bytes = message_of(FRIEND, entity);
    g_autoptr(Reading) reading = reading_open(bytes, FALSE);
    g_setenv("PATH", path, TRUE);
    assert_string_equal(postern_error_rule(reading->locked), "key.locked");
    assert_true(reading->protection->encrypted);
    assert_int_equal(reading->protection->signatures->len, 0);
}

/* --- out ----------------------------------------------------------------------------------- */

static Letter *letter_from_owner(void)
{
    Letter *letter = letter_new();
    letter->from = address_parse("John Smith <jsmith@corp.example>", NULL);
    g_ptr_array_unref(letter->to);
    letter->to = address_parse_list("Friend <friend@corp.example>", NULL);
    letter->subject = g_strdup("Geheim: 秘密");
    letter->body = g_strdup("Grüße\nFrom here\n");
    return letter;
}

static void assert_reads_back(GBytes *bytes, gboolean encrypted, gboolean is_signed)
{
    g_autoptr(Reading) reading = reading_open(bytes, TRUE);
    assert_null(reading->locked);
    assert_int_equal(reading->protection->encrypted, encrypted);
    assert_int_equal(reading->protection->header_protection, encrypted || is_signed);
    assert_string_equal(message_header(reading->message, "Subject"), "Geheim: 秘密");
    assert_string_equal(block_at(reading, 0)->text, "Grüße\nFrom here\n");
    assert_int_equal(block_at(reading, 0)->signature, is_signed ? 0 : -1);
    if (!is_signed)
        return;
    assert_int_equal(signature_at(reading, 0)->status, SIG_GOOD);
    assert_int_equal(signature_at(reading, 0)->trust, TRUST_OWN);
    assert_true(signature_at(reading, 0)->whole);
    assert_true(signature_at(reading, 0)->from_matches);
}

static void what_is_finished_reads_back(void **state)
{
    (void)state;
    g_autoptr(Letter) letter = letter_from_owner();
    g_autoptr(LetterIdentity) identity = letter_identity_new(letter);
    const char *owner = gnupg_home_key(home, "owner");
    char *to[] = {(char *)owner, (char *)gnupg_home_key(home, "friend"), NULL};
    for (guint way = 0; way < 4; way++) {
        gboolean encrypted = way & 1, is_signed = (way & 2) != 0;
        g_autoptr(GError) error = NULL;
        g_autoptr(GBytes) bytes = pgpmime_finish(letter, identity, encrypted ? to : NULL,
                                                 is_signed ? owner : NULL, &error);
        assert_null(error);
        assert_reads_back(bytes, encrypted, is_signed);
        g_autofree char *text = string_of(bytes);
        if (encrypted) {
            assert_non_null(strstr(text, "Subject: [...]\r\n"));
            assert_null(strstr(text, "From here"));
            assert_null(strstr(text, "Geheim"));
        }
    }
}

/* --- keys of others ------------------------------------------------------------------------ */

#define GOSSIP "Autocrypt-Gossip: addr=ann@corp.example; keydata=eG9t\r\n"
#define TO_ANN FRIEND "\r\nTo: owner@corp.example, ann@corp.example"

static guint gossip_in(const Reading *reading)
{
    g_autoptr(GPtrArray) gossip = reading_gossip(reading);
    return gossip ? gossip->len : 0;
}

static void gossip_counts_under_the_encryption(void **state)
{
    (void)state;
    g_autofree char *entity = encrypted_part(GOSSIP TEXT);
    g_autoptr(Reading) reading = open_text(TO_ANN, entity);
    assert_int_equal(gossip_in(reading), 1);
    g_autofree char *part = signed_part("friend", TEXT), *head = g_strconcat(GOSSIP, part, NULL);
    g_autofree char *both = encrypted_part(head);
    g_autoptr(Reading) within = open_text(TO_ANN, both);
    assert_int_equal(gossip_in(within), 1);
    /* Whom the shown fields name, not the ones outside. */
    g_autofree char *fields =
        g_strconcat("From: " FRIEND "\r\nTo: owner@corp.example\r\n" GOSSIP
                    "Content-Type: text/plain; hp=\"cipher\"\r\n\r\nhello\r\n",
                    NULL);
    g_autofree char *inner = encrypted_part(fields);
    g_autoptr(Reading) other = open_text(TO_ANN, inner);
    assert_true(other->protection->header_protection);
    assert_int_equal(gossip_in(other), 0);
}

static void p7_82_gossip_elsewhere_is_nobodys(void **state)
{
    (void)state;
    g_autofree char *sealed = encrypted_part(TEXT), *outside = g_strconcat(GOSSIP, sealed, NULL);
    g_autofree char *part = signed_part("friend", GOSSIP TEXT);
    g_autofree char *beside = mixed(GOSSIP TEXT, GOSSIP TEXT), *deep = encrypted_part(beside);
    g_autofree char *inner = encrypted_part(GOSSIP TEXT), *further = mixed(TEXT, inner);
    g_autofree char *text = armored(GOSSIP TEXT);
    g_autofree char *in_text = g_strconcat("Content-Type: text/plain\r\n\r\n", text, NULL);
    g_autofree char *second = g_strconcat(GOSSIP, inner, NULL), *twice = encrypted_part(second);
    const char *const cases[] = {GOSSIP TEXT, outside, part, deep, further, in_text, twice};
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(Reading) reading = open_text(TO_ANN, cases[i]);
        if (gossip_in(reading) != 0)
            fail_msg("case %d", (int)i);
    }
    g_autofree char *whole =
        g_strconcat("From: " TO_ANN "\r\nMIME-Version: 1.0\r\n", outside, NULL);
    g_autoptr(GBytes) bytes = bytes_of(whole);
    g_autoptr(Reading) closed = reading_open(bytes, FALSE);
    assert_int_equal(gossip_in(closed), 0);
}

static void p9_104_gossip_leaves_under_encryption_alone(void **state)
{
    (void)state;
    g_autoptr(Letter) letter = letter_from_owner();
    g_autoptr(LetterIdentity) identity = letter_identity_new(letter);
    const char *owner = gnupg_home_key(home, "owner");
    char *to[] = {(char *)owner, NULL};
    letter->gossip = g_ptr_array_new_with_free_func(g_free);
    g_ptr_array_add(letter->gossip, g_strdup("addr=friend@corp.example; keydata= eG9t"));
    for (guint way = 0; way < 4; way++) {
        g_autoptr(GBytes) bytes =
            pgpmime_finish(letter, identity, way & 1 ? to : NULL, way & 2 ? owner : NULL, NULL);
        g_autofree char *text = string_of(bytes);
        assert_null(strcasestr(text, "gossip"));
        g_autoptr(Reading) reading = reading_open(bytes, TRUE);
        assert_int_equal(gossip_in(reading), way & 1);
    }
}

static void p9_102_no_key_means_no_letter(void **state)
{
    (void)state;
    g_autoptr(Letter) letter = letter_from_owner();
    g_autoptr(LetterIdentity) identity = letter_identity_new(letter);
    char *none[] = {NULL};
    char *revoked[] = {(char *)gnupg_home_key(home, "revoked"), NULL};
    assert_null(pgpmime_finish(letter, identity, none, NULL, NULL));
    assert_null(pgpmime_finish(letter, identity, revoked, NULL, NULL));
    assert_null(pgpmime_finish(letter, identity, NULL, gnupg_home_key(home, "revoked"), NULL));
    /* Nor does one leave that is no letter. */
    char *friend[] = {(char *)gnupg_home_key(home, "friend"), NULL};
    g_free(letter->subject);
    letter->subject = g_strdup("one\r\nBcc: other@corp.example");
    for (guint way = 0; way < 3; way++) {
        g_autoptr(GError) error = NULL;
        assert_null(pgpmime_finish(letter, identity, way == 1 ? friend : NULL,
                                   way == 2 ? gnupg_home_key(home, "owner") : NULL, &error));
        assert_string_equal(postern_error_rule(error), "send.value");
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_encrypted_root_shows_the_inner_message),
        cmocka_unit_test(a_signature_inside_the_encryption_covers_the_whole),
        cmocka_unit_test(p7_76_protected_fields_replace_the_outer_ones),
        cmocka_unit_test(p7_76_the_older_form_replaces_what_people_read),
        cmocka_unit_test(p7_76_an_inner_from_needs_a_signature),
        cmocka_unit_test(p7_76_fields_on_a_badly_signed_part_are_ignored),
        cmocka_unit_test(p7_66_only_the_root_is_decrypted),
        cmocka_unit_test(p7_67_a_cut_ciphertext_shows_nothing),
        cmocka_unit_test(a_malformed_encrypted_root_stays_closed),
        cmocka_unit_test(p7_what_was_not_encrypted_is_not_called_so),
        cmocka_unit_test(without_leave_gpg_is_not_called),
        cmocka_unit_test(what_is_finished_reads_back),
        cmocka_unit_test(gossip_counts_under_the_encryption),
        cmocka_unit_test(p7_82_gossip_elsewhere_is_nobodys),
        cmocka_unit_test(p9_104_gossip_leaves_under_encryption_alone),
        cmocka_unit_test(p9_102_no_key_means_no_letter),
    };
    return cmocka_run_group_tests(tests, make_home, remove_home);
}
