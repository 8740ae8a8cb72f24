#include "crypto/pgp.h"

#include <glib/gstdio.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/error.h"
#include "tests/lib/gnupg-home.h"

static void assert_refused(GError *error, PosternError kind, const char *rule)
{
    assert_non_null(error);
    assert_string_equal(postern_error_rule(error), rule);
    assert_int_equal(error->code, kind);
    g_error_free(error);
}

/* Key names of gnupg-home.sh, and the rule that speaks against encrypting to them. */
static const struct {
    const char *name, *rule;
} fitness[] = {
    {"owner", NULL},
    {"friend", NULL},
    {"stranger", NULL},
    {"locked", NULL},
    {"disabled", "key.disabled"},
    {"sign-only", "key.unusable"},
    {"revoked", "key.revoked"},
    {"expired", "key.expired"},
    {"old-subkey", "key.expired"},
};

static void p5_each_reason_against_a_key_is_an_error_of_its_own(void **state)
{
    (void)state;
    for (gsize i = 0; i < G_N_ELEMENTS(fitness); i++) {
        const char *fingerprint = gnupg_home_key(home, fitness[i].name);
        GError *error = NULL;
        if (pgp_check_encrypt(fingerprint, NULL, &error)) {
            assert_null(error);
            assert_null(fitness[i].rule);
            continue;
        }
        assert_non_null(strstr(error->message, fingerprint));
        assert_non_null(postern_error_mend(error));
        assert_refused(error, POSTERN_ERROR_POLICY, fitness[i].rule);
    }
}

static const struct {
    const char *name, *rule;
} signers[] = {
    {"owner", NULL},
    {"sign-only", NULL},
    {"disabled", "key.disabled"},
    {"revoked", "key.revoked"},
    {"expired", "key.expired"},
};

static void p9_102_a_key_that_cannot_sign_now_is_told_by_its_fault(void **state)
{
    (void)state;
    for (gsize i = 0; i < G_N_ELEMENTS(signers); i++) {
        GError *error = NULL;
        if (signers[i].rule == NULL) {
            assert_true(pgp_check_sign(gnupg_home_key(home, signers[i].name), &error));
            continue;
        }
        assert_false(pgp_check_sign(gnupg_home_key(home, signers[i].name), &error));
        assert_refused(error, POSTERN_ERROR_POLICY, signers[i].rule);
    }
}

static void p5_a_key_that_is_not_here_is_missing(void **state)
{
    (void)state;
    GError *error = NULL;
    assert_false(pgp_check_encrypt("0123456789ABCDEF0123456789ABCDEF01234567", NULL, &error));
    assert_refused(error, POSTERN_ERROR_POLICY, "key.missing");
    error = NULL;
    assert_false(pgp_check_encrypt("jsmith@corp.example", NULL, &error)); /* not by address */
    assert_refused(error, POSTERN_ERROR_POLICY, "key.missing");
    error = NULL;
    assert_false(pgp_check_encrypt("", NULL, &error));
    g_clear_error(&error);
}

static void assert_found(const char *name, gboolean secret, const char *key)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *found = pgp_find(name, secret, &error);
    assert_null(error);
    assert_string_equal(found, gnupg_home_key(home, key));
}

static void a_key_is_found_by_address_fingerprint_and_id(void **state)
{
    (void)state;
    const char *owner = gnupg_home_key(home, "owner");
    g_autofree char *lower = g_ascii_strdown(owner, -1);
    assert_found("jsmith@corp.example", TRUE, "owner");
    assert_found("JSmith@Corp.Example", FALSE, "owner");
    assert_found(owner, TRUE, "owner");
    assert_found(lower, TRUE, "owner");
    assert_found(owner + 24, FALSE, "owner");
    assert_found("friend.second@corp.example", FALSE, "friend");
}

static const struct {
    const char *name;
    gboolean secret;
    const char *rule;
} not_found[] = {
    {"nobody@corp.example", FALSE, "key.missing"},
    {"smith@corp.example", FALSE, "key.missing"}, /* part of an address */
    {"John", FALSE, "key.missing"},
    {"@corp.example", FALSE, "key.missing"},
    {"", FALSE, "key.missing"},
    {"-dash@corp.example", FALSE, "key.missing"},
    {"friend.second@corp.example", TRUE, "key.missing"}, /* the private half is not here */
    {"friend@corp.example", FALSE, "key.ambiguous"},     /* the stranger's says so too */
    {"twin@corp.example", FALSE, "key.ambiguous"},
    {"expired@corp.example", FALSE, "key.expired"},
    {"revoked@corp.example", FALSE, "key.revoked"},
    {"signs@corp.example", FALSE, "key.unusable"},
};

static void a_name_that_is_not_one_usable_key_is_refused(void **state)
{
    (void)state;
    for (gsize i = 0; i < G_N_ELEMENTS(not_found); i++) {
        GError *error = NULL;
        assert_null(pgp_find(not_found[i].name, not_found[i].secret, &error));
        assert_refused(error, POSTERN_ERROR_POLICY, not_found[i].rule);
    }
}

static void a_short_key_id_names_nobody(void **state)
{
    (void)state;
    GError *error = NULL;
    assert_null(pgp_find(gnupg_home_key(home, "owner") + 32, FALSE, &error));
    assert_refused(error, POSTERN_ERROR_POLICY, "key.missing");
}

static void p5_53_an_older_key_with_the_same_user_id_changes_nothing(void **state)
{
    (void)state;
    g_autoptr(GError) error = NULL;
    g_autofree char *found = pgp_find_recipient("friend@corp.example", &error);
    assert_null(error);
    assert_string_equal(found, gnupg_home_key(home, "friend"));
    g_autofree char *other_case = pgp_find_recipient("FRIEND@corp.EXAMPLE", NULL);
    assert_string_equal(other_case, found);
}

static const struct {
    const char *address, *rule;
} no_recipients[] = {
    {"boss@corp.example", "key.untrusted"}, /* an unconfirmed user id on a confirmed key */
    {"riend@corp.example", "key.missing"},
    {"corp.example", "key.missing"},
    {"Friend", "key.missing"},
    {"", "key.missing"},
    {"disabled@corp.example", "key.disabled"},
    {"revoked@corp.example", "key.revoked"},
    {"expired@corp.example", "key.expired"},
    {"old@corp.example", "key.expired"},
    {"signs@corp.example", "key.unusable"},
};

static void p9_102_nobody_gets_mail_under_a_key_that_is_not_confirmed_for_the_address(void **state)
{
    (void)state;
    for (gsize i = 0; i < G_N_ELEMENTS(no_recipients); i++) {
        GError *error = NULL;
        assert_null(pgp_find_recipient(no_recipients[i].address, &error));
        assert_refused(error, POSTERN_ERROR_POLICY, no_recipients[i].rule);
    }
    GError *error = NULL;
    assert_null(pgp_find_recipient(gnupg_home_key(home, "friend"), &error));
    assert_refused(error, POSTERN_ERROR_POLICY, "key.missing");
}

static void p9_102_two_confirmed_keys_for_an_address_are_both_named(void **state)
{
    (void)state;
    GError *error = NULL;
    assert_null(pgp_find_recipient("twin@corp.example", &error));
    assert_non_null(strstr(error->message, gnupg_home_key(home, "twin-one")));
    assert_non_null(strstr(error->message, gnupg_home_key(home, "twin-two")));
    assert_refused(error, POSTERN_ERROR_POLICY, "key.ambiguous");
}

/* Addresses and their two keys: the confirmed one, and one that came later. */
static const struct {
    const char *address, *before, *now;
} changes[] = {
    {"changed@corp.example", "changed", "changed-new"}, /* both could be used */
    {"Moved@Corp.Example", "moved", "moved-new"},       /* the confirmed one was revoked, */
    {"lapsed@corp.example", "lapsed", "lapsed-new"},    /* or has expired */
};

static void p7_83_a_changed_key_of_a_known_correspondent_stops_until_it_is_confirmed(void **state)
{
    (void)state;
    for (gsize i = 0; i < G_N_ELEMENTS(changes); i++) {
        GError *error = NULL;
        assert_null(pgp_find_recipient(changes[i].address, &error));
        assert_non_null(error);
        assert_non_null(strstr(error->message, gnupg_home_key(home, changes[i].before)));
        assert_non_null(strstr(error->message, gnupg_home_key(home, changes[i].now)));
        assert_non_null(strstr(postern_error_mend(error), gnupg_home_key(home, changes[i].now)));
        assert_refused(error, POSTERN_ERROR_POLICY, "key.changed");
    }
}

static void the_trust_model_of_gpg_conf_confirms_nobody(void **state)
{
    (void)state;
    g_autofree char *own = gnupg_home_path(home, "own");
    g_autofree char *path = g_build_filename(own, "gpg.conf", NULL);
    assert_true(
        g_file_set_contents(path, "trust-model tofu\ntofu-default-policy good\n", -1, NULL));
    GError *error = NULL;
    assert_null(pgp_find_recipient("boss@corp.example", &error));
    g_unlink(path);
    assert_refused(error, POSTERN_ERROR_POLICY, "key.untrusted");
}

static void a_private_half_is_here_or_not(void **state)
{
    (void)state;
    assert_true(pgp_has_secret(gnupg_home_key(home, "owner")));
    assert_true(pgp_has_secret(gnupg_home_key(home, "locked"))); /* and asks for nothing */
    assert_false(pgp_has_secret(gnupg_home_key(home, "friend")));
    assert_false(pgp_has_secret("0123456789ABCDEF0123456789ABCDEF01234567"));
}

static gint64 expiry_of(const char *fingerprint)
{
    gint64 expiry = -1;
    (void)!pgp_check_encrypt(fingerprint, &expiry, NULL);
    return expiry;
}

static void the_time_of_expiry_is_known(void **state)
{
    (void)state;
    assert_int_equal(expiry_of(gnupg_home_key(home, "owner")), 0);
    assert_int_equal(expiry_of(gnupg_home_key(home, "expired")), 1577923200); /* 2020-01-02 */
    gint64 in_two_days = g_get_real_time() / G_USEC_PER_SEC + 2 * 86400;
    gint64 soon = expiry_of(gnupg_home_key(home, "soon"));
    assert_in_range(soon, in_two_days - 3600, in_two_days);
}

static void making_a_key_without_a_way_to_ask_is_a_locked_key(void **state)
{
    (void)state;
    GError *error = NULL;
    assert_null(pgp_generate("New <new@corp.example>", TRUE, 0, &error));
    assert_refused(error, POSTERN_ERROR_TEMPORARY, "key.locked");
    error = NULL;
    assert_null(pgp_generate("New <new@corp.example>\nExpire-Date: 1d", FALSE, 0, &error));
    assert_refused(error, POSTERN_ERROR_INPUT, "key.user-id");
}

static void a_made_key_can_do_all_that_is_needed(void **state)
{
    (void)state;
    gnupg_home_use(home, "fresh");
    gnupg_home_answer(home, "fresh");
    g_autoptr(GError) error = NULL;
    g_autofree char *made = pgp_generate("New Key <new@corp.example>", TRUE, 0, &error);
    g_autofree char *found = pgp_find("new@corp.example", TRUE, NULL);
    g_autofree char *recipient = pgp_find_recipient("new@corp.example", NULL);
    gint64 expiry = made ? expiry_of(made) : -1;
    g_autoptr(GBytes) text = g_bytes_new_static("x", 1);
    g_autofree char *micalg = NULL;
    g_autoptr(GBytes) signature = made ? pgp_sign(made, text, &micalg, NULL) : NULL;
    gnupg_home_use(home, "own");
    assert_null(error);
    assert_int_equal(strlen(made), 40);
    assert_string_equal(found, made);
    assert_string_equal(recipient, made); /* one's own is trusted */
    assert_int_equal(expiry, 0);
    assert_non_null(signature);
}

/* GPGME looks for gpg once a process, so this is another process; its code is the verdict. */
static int child_without_gpg(void)
{
    GError *error = NULL;
    g_setenv("PATH", "/nonexistent", TRUE);
    if (pgp_start(&error) || strcmp(postern_error_rule(error), "openpgp.engine") != 0)
        return 1;
    g_clear_error(&error);
    if (pgp_check_encrypt(gnupg_home_key(home, "owner"), NULL, &error) ||
        strcmp(postern_error_rule(error), "openpgp.engine") != 0)
        return 2;
    g_clear_error(&error);
    g_autofree char *found = pgp_find("jsmith@corp.example", FALSE, &error);
    return found || strcmp(postern_error_rule(error), "openpgp.engine") != 0 ? 3 : 0;
}

static int verdict_without_gpg;

static void p10_without_gpg_the_engine_is_named(void **state)
{
    (void)state;
    assert_int_equal(verdict_without_gpg, 0);
}

static int make_home_after_failing(void **state)
{
    (void)state;
    home = gnupg_home_new();
    pid_t child = fork();
    if (child == 0)
        _exit(child_without_gpg());
    if (waitpid(child, &verdict_without_gpg, 0) != child)
        return -1;
    return pgp_start(NULL) ? 0 : -1;
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(p5_each_reason_against_a_key_is_an_error_of_its_own),
        cmocka_unit_test(p9_102_a_key_that_cannot_sign_now_is_told_by_its_fault),
        cmocka_unit_test(p5_a_key_that_is_not_here_is_missing),
        cmocka_unit_test(a_key_is_found_by_address_fingerprint_and_id),
        cmocka_unit_test(a_name_that_is_not_one_usable_key_is_refused),
        cmocka_unit_test(a_short_key_id_names_nobody),
        cmocka_unit_test(p5_53_an_older_key_with_the_same_user_id_changes_nothing),
        cmocka_unit_test(p9_102_nobody_gets_mail_under_a_key_that_is_not_confirmed_for_the_address),
        cmocka_unit_test(p9_102_two_confirmed_keys_for_an_address_are_both_named),
        cmocka_unit_test(p7_83_a_changed_key_of_a_known_correspondent_stops_until_it_is_confirmed),
        cmocka_unit_test(the_trust_model_of_gpg_conf_confirms_nobody),
        cmocka_unit_test(a_private_half_is_here_or_not),
        cmocka_unit_test(the_time_of_expiry_is_known),
        cmocka_unit_test(a_made_key_can_do_all_that_is_needed),
        cmocka_unit_test(p10_without_gpg_the_engine_is_named),
        cmocka_unit_test(making_a_key_without_a_way_to_ask_is_a_locked_key),
    };
    return cmocka_run_group_tests(tests, make_home_after_failing, remove_home);
}
