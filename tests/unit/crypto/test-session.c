/* A message that was opened once opens again without the private key, and no other does. */
#include "crypto/session.h"

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
#include "core/limits.h"
#include "crypto/pgp-outline.h"
#include "crypto/pgp.h"
#include "tests/lib/dies.h"
#include "tests/lib/gnupg-home.h"

#define KEY "9:00112233445566778899AABBCCDDEEFF00112233445566778899AABBCCDDEEFF"

static GBytes *bytes_of(const char *text)
{
    return g_bytes_new(text, strlen(text));
}

static void p7_a_key_is_for_its_message_alone(void **state)
{
    (void)state;
    g_autoptr(GBytes) one = bytes_of("one"), other = bytes_of("onf");
    g_autoptr(SessionKeys) keys = session_keys_new();
    assert_null(session_keys_find(keys, one));
    assert_false(session_keys_any(keys));
    session_keys_add(keys, one, KEY);
    assert_true(session_keys_grew(keys));
    assert_string_equal((const char *)secret_bytes(session_keys_find(keys, one)), KEY);
    assert_null(session_keys_find(keys, other));
    assert_null(session_keys_find(NULL, one));
    assert_false(session_keys_grew(NULL));
    session_keys_free(NULL);
}

static void a_set_comes_back_from_its_bytes(void **state)
{
    (void)state;
    g_autoptr(GBytes) one = bytes_of("one"), two = bytes_of("two");
    g_autoptr(SessionKeys) keys = session_keys_new();
    session_keys_add(keys, one, KEY);
    session_keys_add(keys, two, "7:00112233445566778899aabbccddeeff");
    g_autoptr(Secret) packed = session_keys_pack(keys);
    g_autoptr(SessionKeys) back = session_keys_read(secret_bytes(packed), secret_size(packed));
    assert_non_null(back);
    assert_false(session_keys_grew(back));
    assert_string_equal((const char *)secret_bytes(session_keys_find(back, one)), KEY);
    assert_string_equal((const char *)secret_bytes(session_keys_find(back, two)),
                        "7:00112233445566778899aabbccddeeff");
    for (gsize cut = 1; cut < secret_size(packed); cut++) {
        g_autoptr(SessionKeys) part = session_keys_read(secret_bytes(packed), cut);
        assert_true(part == NULL || !session_keys_find(part, two));
    }
}

/* It would reach gpg. */
static void p8_what_is_no_key_is_passed_over(void **state)
{
    (void)state;
    static const char *const others[] = {
        "",
        "9",
        "9:",
        ":0011223344556677889900112233445566",
        "1234:00112233445566778899001122334455",
        "9:0011",
        "9-00112233445566778899001122334455",
        "9:0011223344556677889900112233445g",
        "9:001122334455667788990011223344556",
        "9:00112233445566778899001122334455\n",
        KEY "00112233445566778899AABBCCDDEEFF",
        "--output=x:00112233445566778899001122334455",
    };
    g_autoptr(GBytes) one = bytes_of("one");
    for (gsize i = 0; i < G_N_ELEMENTS(others); i++) {
        g_autoptr(SessionKeys) keys = session_keys_new();
        session_keys_add(keys, one, others[i]);
        assert_false(session_keys_any(keys));
        /* And in a record. */
        g_autoptr(GByteArray) record = g_byte_array_new();
        guint8 head[36] = {0};
        head[35] = (guint8)strlen(others[i]);
        g_byte_array_append(record, head, sizeof head);
        g_byte_array_append(record, (const guint8 *)others[i], head[35]);
        assert_null(session_keys_read(record->data, record->len));
    }
}

static void p8_limit_kept_keys(void **state)
{
    (void)state;
    g_autoptr(SessionKeys) keys = session_keys_new();
    for (guint i = 0; i <= LIMIT_KEPT_KEYS; i++) {
        g_autofree char *text = g_strdup_printf("%u", i);
        g_autoptr(GBytes) message = bytes_of(text);
        session_keys_add(keys, message, KEY);
        assert_true((session_keys_find(keys, message) != NULL) == (i < LIMIT_KEPT_KEYS));
    }
    g_autoptr(Secret) packed = session_keys_pack(keys);
    gsize size = secret_size(packed), each = size / LIMIT_KEPT_KEYS;
    g_autofree guint8 *more = g_malloc(size + each);
    memcpy(more, secret_bytes(packed), size);
    memcpy(more + size, secret_bytes(packed), each);
    g_autoptr(SessionKeys) just = session_keys_read(more, size);
    assert_non_null(just);
    assert_null(session_keys_read(more, size + each));
}

/* --- with gpg ------------------------------------------------------------------------------- */

static GBytes *letter(const char *signer)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) plain = bytes_of("Needle in the hay\r\n");
    char *to[] = {(char *)gnupg_home_key(home, "owner"), NULL};
    g_autoptr(GBytes) message = pgp_encrypt(to, signer, plain, &error);
    assert_null(error);
    return pgp_outline_encrypted(message, NULL, NULL);
}

static GPtrArray *no_signatures(void)
{
    return g_ptr_array_new_with_free_func((GDestroyNotify)signature_free);
}

static GBytes *open_once(GBytes *message, SessionKeys *keys)
{
    g_autoptr(GPtrArray) signatures = no_signatures();
    GBytes *plain = pgp_decrypt(message, NULL, keys, signatures, NULL);
    assert_non_null(plain);
    return plain;
}

static void what_was_opened_opens_without_the_private_key(void **state)
{
    (void)state;
    g_autoptr(GBytes) message = letter(gnupg_home_key(home, "owner"));
    g_autoptr(SessionKeys) keys = session_keys_new();
    g_autoptr(GBytes) plain = open_once(message, keys);
    const Secret *key = session_keys_find(keys, message);
    assert_non_null(key);
    g_autoptr(GPtrArray) signatures = no_signatures();
    g_autoptr(GError) error = NULL;
    gnupg_home_use(home, "others"); /* the public half alone */
    g_autoptr(GBytes) again =
        pgp_decrypt_again(message, "jsmith@corp.example", key, signatures, &error);
    gnupg_home_use(home, "own");
    assert_null(error);
    assert_true(g_bytes_equal(plain, again));
    /* What is said of it is what was said the first time. */
    assert_int_equal(signatures->len, 1);
    assert_int_equal(((Signature *)signatures->pdata[0])->status, SIG_GOOD);
    assert_true(((Signature *)signatures->pdata[0])->from_matches);
}

static void p7_66_a_session_key_opens_nothing_that_was_changed(void **state)
{
    (void)state;
    g_autoptr(GBytes) message = letter(NULL), other = letter(NULL);
    g_autoptr(SessionKeys) keys = session_keys_new();
    g_autoptr(GBytes) plain = open_once(message, keys);
    const Secret *key = session_keys_find(keys, message);
    g_autoptr(GPtrArray) signatures = no_signatures();
    gsize size;
    const guint8 *bytes = g_bytes_get_data(message, &size);
    for (gsize at = size - 1; at > size - 40; at -= 7) {
        g_autofree guint8 *changed = g_memdup2(bytes, size);
        changed[at] ^= 1;
        g_autoptr(GBytes) broken = g_bytes_new(changed, size);
        assert_null(pgp_decrypt_again(broken, NULL, key, signatures, NULL));
    }
    GError *error = NULL;
    g_autoptr(GBytes) none = bytes_of("no message");
    assert_null(pgp_decrypt_again(none, NULL, key, signatures, NULL));
    assert_null(pgp_decrypt_again(other, NULL, key, signatures, &error));
    assert_int_equal(error->code, POSTERN_ERROR_INPUT);
    g_clear_error(&error);
    assert_int_equal(signatures->len, 0);
}

/* gpg's files are looked at once a process: is anything kept of MESSAGE in one of its own? */
static gboolean is_kept_elsewhere(GBytes *message)
{
    int status = 0;
    pid_t child = fork();
    if (child == 0) {
        g_autoptr(SessionKeys) keys = session_keys_new();
        g_autoptr(GPtrArray) signatures = no_signatures();
        g_autoptr(GBytes) plain = pgp_decrypt(message, NULL, keys, signatures, NULL);
        leave_child(plain == NULL ? 2 : session_keys_any(keys));
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) < 2);
    return WEXITSTATUS(status);
}

/* Where the machine's own gpg.conf lies. */
static const char *machine;
const char *__real_gpgme_get_dirinfo(const char *what);
const char *__wrap_gpgme_get_dirinfo(const char *what);
const char *__wrap_gpgme_get_dirinfo(const char *what)
{
    return strcmp(what, "sysconfdir") == 0 ? machine : __real_gpgme_get_dirinfo(what);
}

/* gpg.conf of the machine counts, too; what is no file says nothing. */
static void p4_nothing_is_kept_where_the_machine_lets_gpg_write_a_log(void **state)
{
    (void)state;
    g_autoptr(GBytes) message = letter(NULL);
    g_autofree char *dir = gnupg_home_path(home, "machine");
    g_autofree char *folder = g_build_filename(dir, "gpg.conf.d", NULL);
    g_autofree char *conf = g_build_filename(dir, "gpg.conf", NULL);
    assert_int_equal(g_mkdir_with_parents(folder, 0700), 0);
    machine = dir;
    static const char *const texts[] = {"# nothing\nverbose\n", "log-file /tmp/x\n"};
    for (int logs = 0; logs < 2; logs++) {
        assert_true(g_file_set_contents(conf, texts[logs], -1, NULL));
        assert_int_equal(is_kept_elsewhere(message), !logs);
    }
    machine = NULL;
}

/* Where gpg's own log goes to a file, the key would stand in it in clear. */
static void p4_nothing_is_kept_where_gpg_writes_a_log(void **state)
{
    (void)state;
    g_autoptr(GBytes) message = letter(NULL);
    g_autofree char *own = gnupg_home_path(home, "own");
    g_autofree char *log = g_build_filename(own, "gpg.log", NULL);
    static const char *const names[] = {"gpg.conf", "gpg.conf-2"};
    for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autofree char *conf = g_build_filename(own, names[i], NULL);
        g_autofree char *line =
            g_strdup_printf("# mine\n  %s %s\n# more\n", i == 0 ? "log-file" : "logger-file", log);
        g_autofree char *said = NULL;
        assert_true(g_file_set_contents(conf, line, -1, NULL));
        gboolean kept = is_kept_elsewhere(message);
        assert_int_equal(g_unlink(conf), 0);
        assert_false(kept);
        (void)g_file_get_contents(log, &said, NULL, NULL);
        assert_true(said == NULL || strstr(said, "session key") == NULL);
        (void)g_unlink(log);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        /* First, for what comes behind opens messages in this process. */
        cmocka_unit_test(p4_nothing_is_kept_where_gpg_writes_a_log),
        cmocka_unit_test(p4_nothing_is_kept_where_the_machine_lets_gpg_write_a_log),
        cmocka_unit_test(p7_a_key_is_for_its_message_alone),
        cmocka_unit_test(a_set_comes_back_from_its_bytes),
        cmocka_unit_test(p8_what_is_no_key_is_passed_over),
        cmocka_unit_test(p8_limit_kept_keys),
        cmocka_unit_test(what_was_opened_opens_without_the_private_key),
        cmocka_unit_test(p7_66_a_session_key_opens_nothing_that_was_changed),
    };
    return cmocka_run_group_tests(tests, make_home, remove_home);
}
