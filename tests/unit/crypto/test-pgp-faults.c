/* GPGME and gpg fail, at each call once, by the linker's --wrap: what is done with keys then says
 * so, and no signature is taken for more than it is. */
#include <gpgme.h>

#include "core/error.h"
#include "crypto/keyfind.h"
#include "crypto/keyring.h"
#include "crypto/pgp-internal.h"
#include "crypto/pgp-outline.h"
#include "crypto/trial.h"
#include "tests/lib/dies.h"
#include "tests/unit/crypto/gpgme-faults.h"
#include "tests/unit/crypto/mail-fixture.h"

/* --- what is done --------------------------------------------------------------------------- */

/* TOLD: by an error. LESS: without one, and less is known than without the failure. */
typedef enum { TOLD, LESS, WHOLE } Outcome;

static SessionKeys *opened;
static const Secret *session_key; /* of `sealed` */
static GBytes *plain, *sealed, *wrapped, *signature, *clear, *public_key;

static Outcome told_or_whole(gboolean whole)
{
    return whole ? WHOLE : TOLD;
}

static Outcome lists(GError **error)
{
    g_autoptr(GPtrArray) keys = keyring_list(NULL, error);
    return told_or_whole(keys != NULL);
}

static Outcome finds_one(GError **error)
{
    g_autoptr(KeyInfo) one = keyring_one(key("friend"), error);
    return told_or_whole(one != NULL);
}

static Outcome reads_keys(GError **error)
{
    g_autoptr(GPtrArray) keys = keyring_read(public_key, error);
    return told_or_whole(keys != NULL);
}

static Outcome imports(GError **error)
{
    KeyImport import;
    return told_or_whole(keyring_import(public_key, &import, error));
}

static Outcome exports(GError **error)
{
    g_autoptr(GBytes) bytes = keyring_export(key("friend"), TRUE, error);
    return told_or_whole(bytes != NULL);
}

static Outcome confirms(GError **error)
{
    return told_or_whole(keyring_confirm(key("soon"), key("owner"), error));
}

static Outcome finds(GError **error)
{
    g_autofree char *found = pgp_find("friend.second@corp.example", FALSE, error);
    return told_or_whole(found != NULL);
}

static Outcome finds_a_recipient(GError **error)
{
    g_autofree char *found = pgp_find_recipient("friend.second@corp.example", error);
    return told_or_whole(found != NULL);
}

/* The confirmed key has expired, and another one claims to be theirs. When gpg does not say that
 * the one was confirmed, the other is refused all the same, for nobody has confirmed it. */
static Outcome finds_a_change(GError **error)
{
    g_autofree char *found = pgp_find_recipient("lapsed@corp.example", error);
    assert_null(found);
    return told_or_whole(fault.calls < fault.target &&
                         strcmp(postern_error_rule(*error), "key.changed") == 0);
}

static Outcome checks(GError **error)
{
    gint64 expiry = 0;
    return told_or_whole(pgp_check_encrypt(key("soon"), &expiry, error) && expiry > 0 &&
                         pgp_check_sign(key("soon"), error));
}

static Outcome has_secret(GError **error)
{
    (void)error;
    return pgp_has_secret(key("owner")) ? WHOLE : LESS;
}

static Outcome reaches_the_agent(GError **error)
{
    return told_or_whole(pgp_agent_answers(error));
}

static Outcome generates(GError **error)
{
    g_autofree char *made = pgp_generate("New <new@corp.example>", FALSE, 0, error);
    return told_or_whole(made != NULL);
}

static Outcome wraps_all(GError **error)
{
    char *keys[] = {(char *)key("owner"), NULL};
    PgpWrap wraps[] = {{(const guint8 *)"one", NULL}, {(const guint8 *)"two", NULL}};
    gboolean done = pgp_wrap_all(keys, wraps, G_N_ELEMENTS(wraps), 3, error);
    for (gsize i = 0; i < G_N_ELEMENTS(wraps); i++) {
        assert_int_equal(wraps[i].wrapped != NULL, done);
        g_clear_pointer(&wraps[i].wrapped, g_bytes_unref);
    }
    return told_or_whole(done);
}

static Outcome lists_parts(GError **error)
{
    g_auto(GStrv) parts = pgp_parts(key("owner"), error);
    return told_or_whole(parts != NULL);
}

/* Whoever cannot be made to forget a passphrase is told of; a key that cannot be looked up has
 * none. */
static Outcome unwraps_asking(GError **error)
{
    gsize size;
    const guint8 *bytes = g_bytes_get_data(wrapped, &size);
    g_autoptr(Secret) secret = pgp_unwrap_asking(bytes, size, error);
    return told_or_whole(secret != NULL);
}

static Outcome tries(GError **error)
{
    return told_or_whole(trial_key(key("owner"), FALSE, error) &&
                         trial_key(key("owner"), TRUE, error));
}

static Outcome encrypts(GError **error)
{
    char *keys[] = {(char *)key("owner"), NULL};
    g_autoptr(GBytes) bytes = pgp_encrypt(keys, key("owner"), plain, error);
    return told_or_whole(bytes != NULL);
}

static Outcome signs(GError **error)
{
    g_autofree char *micalg = NULL;
    g_autoptr(GBytes) bytes = pgp_sign(key("owner"), plain, &micalg, error);
    return told_or_whole(bytes != NULL);
}

/* One good signature of ours, or less: nothing that looks good and is nobody's. */
static Outcome judged(const GPtrArray *signatures)
{
    if (signatures->len == 0)
        return LESS;
    const Signature *first = signatures->pdata[0];
    assert_int_equal(signatures->len, 1);
    if (first->status != SIG_GOOD) {
        assert_int_not_equal(first->trust, TRUST_CONFIRMED);
        assert_false(first->from_matches);
        return LESS;
    }
    assert_non_null(first->fingerprint);
    return first->trust == TRUST_OWN && first->from_matches ? WHOLE : LESS;
}

#define OWNER "jsmith@corp.example"

static GPtrArray *new_signatures(void)
{
    return g_ptr_array_new_with_free_func((GDestroyNotify)signature_free);
}

static Outcome decrypts(GError **error)
{
    g_autoptr(GPtrArray) signatures = new_signatures();
    g_autoptr(GBytes) bytes = pgp_decrypt(sealed, OWNER, NULL, signatures, error);
    return bytes ? judged(signatures) : TOLD;
}

/* What is opened so that it opens again: without its session key less is known. */
static Outcome keeps_what_it_opens_by(GError **error)
{
    g_autoptr(GPtrArray) signatures = new_signatures();
    g_autoptr(SessionKeys) keys = session_keys_new();
    g_autoptr(GBytes) bytes = pgp_decrypt(sealed, OWNER, keys, signatures, error);
    if (bytes == NULL) {
        assert_false(session_keys_any(keys));
        return TOLD;
    }
    return session_keys_any(keys) ? judged(signatures) : LESS;
}

static Outcome opens_again(GError **error)
{
    g_autoptr(GPtrArray) signatures = new_signatures();
    g_autoptr(GBytes) bytes = pgp_decrypt_again(sealed, OWNER, session_key, signatures, error);
    return bytes ? judged(signatures) : TOLD;
}

static Outcome finds_a_pinentry(GError **error)
{
    (void)error;
    g_autofree char *program = pgp_pinentry();
    return program ? WHOLE : LESS;
}

static Outcome carries(GError **error)
{
    (void)error;
    g_autoptr(GBytes) bytes = keyfind_carried(key("friend"), "friend@corp.example");
    return bytes ? WHOLE : LESS;
}

static Outcome looks_at_private_keys(GError **error)
{
    (void)error;
    return pgp_secrets_stamp() > 1 ? WHOLE : LESS;
}

static Outcome verifies(GError **error)
{
    g_autoptr(GPtrArray) signatures = new_signatures();
    return pgp_verify(plain, signature, OWNER, signatures, error) ? judged(signatures) : TOLD;
}

static Outcome verifies_a_text(GError **error)
{
    g_autoptr(GPtrArray) signatures = new_signatures();
    g_autoptr(GBytes) text = pgp_verify_clear(clear, OWNER, signatures, error);
    return text ? judged(signatures) : TOLD;
}

static const struct {
    const char *name;
    Outcome (*run)(GError **error);
} doings[] = {
    {"keyring_list", lists},
    {"keyring_one", finds_one},
    {"keyring_read", reads_keys},
    {"keyring_import", imports},
    {"keyring_export", exports},
    {"keyring_confirm", confirms},
    {"pgp_find", finds},
    {"pgp_find_recipient", finds_a_recipient},
    {"pgp_find_recipient, of a changed key", finds_a_change},
    {"pgp_check", checks},
    {"pgp_has_secret", has_secret},
    {"pgp_agent_answers", reaches_the_agent},
    {"pgp_wrap_all", wraps_all},
    {"pgp_parts", lists_parts},
    {"pgp_unwrap_asking", unwraps_asking},
    {"trial_key", tries},
    {"pgp_encrypt", encrypts},
    {"pgp_sign", signs},
    {"pgp_decrypt", decrypts},
    {"pgp_decrypt, keeping the session key", keeps_what_it_opens_by},
    {"pgp_decrypt_again", opens_again},
    {"pgp_pinentry", finds_a_pinentry},
    {"keyfind_carried", carries},
    {"pgp_secrets_stamp", looks_at_private_keys},
    {"pgp_verify", verifies},
    {"pgp_verify_clear", verifies_a_text},
    {"pgp_generate", generates}, /* the last: it adds keys */
};

static Outcome run(gsize doing, guint at, guint *made)
{
    g_autoptr(GError) error = NULL;
    fault.target = at;
    fault.calls = 0;
    fault.harmless = fault.several = FALSE;
    Outcome outcome = doings[doing].run(&error);
    fault.target = 0;
    *made = fault.calls;
    if (outcome == TOLD && error == NULL)
        fail_msg("%s, call %u: fails without an error", doings[doing].name, at);
    return outcome;
}

/* The call AT fails in each of its ways; FALSE when there is no such call. */
static gboolean fail_call(gsize doing, guint at)
{
    guint made;
    fault.shape = 0;
    do {
        Outcome outcome = run(doing, at, &made);
        if (made < at && outcome != WHOLE)
            fail_msg("%s fails by itself", doings[doing].name);
        if (made >= at && outcome == WHOLE && !fault.harmless)
            fail_msg("%s: call %u fails and nobody hears of it", doings[doing].name, at);
    } while (fault.several && ++fault.shape < 3);
    fault.shape = 0;
    return made >= at;
}

static void p7_each_failure_of_gpg_is_told_and_makes_nothing_good(void **state)
{
    (void)state;
    for (gsize i = 0; i < G_N_ELEMENTS(doings); i++)
        for (guint at = 1; fail_call(i, at); at++)
            ;
}

static void take_in(void)
{
    fault.no_memory = TRUE;
    gpgme_data_release(pgp_input("x", 1));
}

static void give_out(void)
{
    PgpOutput output = {.bytes = g_byte_array_new()};
    fault.no_memory = TRUE;
    gpgme_data_release(pgp_output(&output));
}

static void nobody_goes_on_without_memory(void **state)
{
    (void)state;
    assert_true(dies(take_in, "out of memory"));
    assert_true(dies(give_out, "out of memory"));
    gpgme_data_release(pgp_input(NULL, 0));
}

static int make_world(void **state)
{
    if (make_home(state) != 0)
        return -1;
    char *keys[] = {(char *)key("owner"), NULL}, *micalg = NULL;
    g_autoptr(Secret) secret = secret_new("secret", 6);
    g_autofree char *text = clear_signed("owner", "hello\n");
    plain = bytes_of("hello\n");
    sealed = pgp_encrypt(keys, key("owner"), plain, NULL);
    signature = pgp_sign(key("owner"), plain, &micalg, NULL);
    g_free(micalg);
    wrapped = pgp_wrap(keys, secret, NULL);
    g_autoptr(GPtrArray) signatures = new_signatures();
    opened = session_keys_new();
    g_autoptr(GBytes) once = sealed ? pgp_decrypt(sealed, OWNER, opened, signatures, NULL) : NULL;
    g_autoptr(GBytes) clean = sealed ? pgp_outline_encrypted(sealed, NULL, NULL) : NULL;
    session_key = clean ? session_keys_find(opened, clean) : NULL;
    g_autofree char *dir = gnupg_home_path(home, "own");
    g_autofree char *conf = g_build_filename(dir, "gpg-agent.conf", NULL);
    if (once == NULL || !g_file_set_contents(conf, "pinentry-program /bin/true\n", -1, NULL))
        return -1;
    clear = bytes_of(text);
    public_key = keyring_export(key("friend"), FALSE, NULL);
    return sealed && signature && wrapped && public_key ? 0 : -1;
}

static int remove_world(void **state)
{
    GBytes *const all[] = {plain, sealed, signature, wrapped, clear, public_key};
    for (gsize i = 0; i < G_N_ELEMENTS(all); i++)
        g_bytes_unref(all[i]);
    session_keys_free(opened);
    return remove_home(state);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(p7_each_failure_of_gpg_is_told_and_makes_nothing_good),
        cmocka_unit_test(nobody_goes_on_without_memory),
    };
    return cmocka_run_group_tests(tests, make_world, remove_world);
}
