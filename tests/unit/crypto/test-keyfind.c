/* What GnuPG's dirmngr answers to the one question that leaves this machine. The dirmngr is made up
 * here, and so is the clock. */
#include "crypto/keyfind.h"

#include <gpgme.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/error.h"
#include "core/limits.h"

/* --- a dirmngr ------------------------------------------------------------------------------ */

static struct {
    const char *data;      /* its answer, NULL: none */
    gsize repeat;          /* how many times over */
    const char *source;    /* where it says it has that from */
    gpgme_error_t said;    /* how it ends */
    gpgme_error_t failure; /* or what fails on the way to it */
    guint waits;           /* looks before it answers */
    gboolean stalls, cancelled;
    int fails; /* a step on the way to it that does not work, from 1 */
} dirmngr;

static char question[128];
static gpgme_assuan_data_cb_t take_data;
static gpgme_assuan_status_cb_t take_status;
static void *taker;
static gint64 later;

enum { ENGINE = 1, SOCKET, GPGCONF, SPAWN, LAUNCH, CONTEXT, PROTOCOL, ADDRESS, START };

static gpgme_error_t step(int which)
{
    return dirmngr.fails == which ? gpgme_error(GPG_ERR_INV_ENGINE) : 0;
}

gpgme_error_t __wrap_gpgme_engine_check_version(gpgme_protocol_t protocol);
gpgme_error_t __wrap_gpgme_engine_check_version(gpgme_protocol_t protocol)
{
    (void)protocol;
    return step(ENGINE);
}

gpgme_error_t __real_gpgme_new(gpgme_ctx_t *context);
gpgme_error_t __wrap_gpgme_new(gpgme_ctx_t *context);
gpgme_error_t __wrap_gpgme_new(gpgme_ctx_t *context)
{
    return step(CONTEXT) ? step(CONTEXT) : __real_gpgme_new(context);
}

gpgme_error_t __wrap_gpgme_set_protocol(gpgme_ctx_t context, gpgme_protocol_t protocol);
gpgme_error_t __wrap_gpgme_set_protocol(gpgme_ctx_t context, gpgme_protocol_t protocol)
{
    (void)context, (void)protocol;
    return step(PROTOCOL);
}

gpgme_error_t __wrap_gpgme_ctx_set_engine_info(gpgme_ctx_t context, gpgme_protocol_t protocol,
                                               const char *program, const char *home);
gpgme_error_t __wrap_gpgme_ctx_set_engine_info(gpgme_ctx_t context, gpgme_protocol_t protocol,
                                               const char *program, const char *home)
{
    (void)context, (void)protocol, (void)program;
    assert_string_equal(home, "DIRMNGR");
    return step(ADDRESS);
}

const char *__wrap_gpgme_get_dirinfo(const char *what);
const char *__wrap_gpgme_get_dirinfo(const char *what)
{
    gboolean socket = strcmp(what, "dirmngr-socket") == 0;
    return dirmngr.fails == (socket ? SOCKET : GPGCONF) ? NULL : what;
}

gboolean __wrap_g_spawn_sync(const char *dir, char **argv, char **env, GSpawnFlags flags,
                             GSpawnChildSetupFunc setup, gpointer user, char **out, char **err,
                             int *status, GError **error);
gboolean __wrap_g_spawn_sync(const char *dir, char **argv, char **env, GSpawnFlags flags,
                             GSpawnChildSetupFunc setup, gpointer user, char **out, char **err,
                             int *status, GError **error)
{
    (void)dir, (void)argv, (void)env, (void)flags, (void)setup, (void)user, (void)out, (void)err;
    *status = dirmngr.fails == LAUNCH ? 1 << 8 : 0;
    if (dirmngr.fails != SPAWN)
        return TRUE;
    g_set_error(error, G_SPAWN_ERROR, G_SPAWN_ERROR_NOENT, "there is none");
    return FALSE;
}

gpgme_error_t __wrap_gpgme_op_assuan_transact_start(gpgme_ctx_t context, const char *command,
                                                    gpgme_assuan_data_cb_t data, void *data_user,
                                                    gpgme_assuan_inquire_cb_t inquire,
                                                    void *inquire_user,
                                                    gpgme_assuan_status_cb_t status,
                                                    void *status_user);
gpgme_error_t __wrap_gpgme_op_assuan_transact_start(gpgme_ctx_t context, const char *command,
                                                    gpgme_assuan_data_cb_t data, void *data_user,
                                                    gpgme_assuan_inquire_cb_t inquire,
                                                    void *inquire_user,
                                                    gpgme_assuan_status_cb_t status,
                                                    void *status_user)
{
    (void)context, (void)inquire, (void)inquire_user, (void)status_user;
    g_strlcpy(question, command, sizeof question);
    take_data = data, take_status = status, taker = data_user;
    return step(START);
}

static gpgme_error_t answer(void)
{
    gpgme_error_t failure = 0;
    (void)take_status(taker, "PROGRESS", "tick");
    if (dirmngr.source) {
        (void)take_status(taker, "SOURCE", "https://first.example");
        (void)take_status(taker, "SOURCE", dirmngr.source);
    }
    for (gsize i = 0; dirmngr.data && !failure && i < dirmngr.repeat; i++)
        failure = take_data(taker, dirmngr.data, strlen(dirmngr.data));
    return failure;
}

gpgme_ctx_t __wrap_gpgme_wait_ext(gpgme_ctx_t context, gpgme_error_t *status, gpgme_error_t *said,
                                  int hang);
gpgme_ctx_t __wrap_gpgme_wait_ext(gpgme_ctx_t context, gpgme_error_t *status, gpgme_error_t *said,
                                  int hang)
{
    (void)hang;
    *status = dirmngr.failure;
    if (dirmngr.failure)
        return NULL;
    if (dirmngr.stalls)
        later += G_USEC_PER_SEC * 10;
    if (dirmngr.stalls || (dirmngr.waits > 0 && dirmngr.waits--))
        return NULL;
    gpgme_error_t failure = answer();
    *said = failure ? failure : dirmngr.said;
    return context;
}

gpgme_error_t __wrap_gpgme_cancel(gpgme_ctx_t context);
gpgme_error_t __wrap_gpgme_cancel(gpgme_ctx_t context)
{
    (void)context;
    dirmngr.cancelled = TRUE;
    return 0;
}

gint64 __real_g_get_monotonic_time(void);
gint64 __wrap_g_get_monotonic_time(void);
gint64 __wrap_g_get_monotonic_time(void)
{
    return __real_g_get_monotonic_time() + later;
}

/* --- the question --------------------------------------------------------------------------- */

static GBytes *ask(char **source, GError **error)
{
    later = 0;
    return keyfind_wkd("mary@corp.example", source, error);
}

static void assert_told(const char *rule, int code)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *source = NULL;
    assert_null(ask(&source, &error));
    assert_null(source);
    assert_non_null(error);
    if (strcmp(postern_error_rule(error), rule) != 0 || error->code != code)
        fail_msg("%s, not %s: %s", postern_error_rule(error), rule, error->message);
}

static void what_a_directory_has_comes_with_its_source(void **state)
{
    (void)state;
    g_autoptr(GError) error = NULL;
    g_autofree char *source = NULL, *none = NULL;
    dirmngr =
        (typeof(dirmngr)){.data = "key", .repeat = 2, .source = "https://corp.example", .waits = 2};
    g_autoptr(GBytes) bytes = ask(&source, &error);
    assert_null(error);
    assert_string_equal(question, "WKD_GET -- mary@corp.example");
    assert_string_equal(source, "https://corp.example");
    assert_int_equal(g_bytes_get_size(bytes), 6);
    /* A source that is no text is none. */
    dirmngr = (typeof(dirmngr)){.data = "key", .repeat = 1, .source = "\xff"};
    g_autoptr(GBytes) more = ask(&none, &error);
    assert_string_equal(none, "https://first.example");
}

static void a_directory_without_the_key_is_no_failure(void **state)
{
    (void)state;
    static const gpgme_err_code_t nothing[] = {GPG_ERR_NO_DATA, GPG_ERR_NO_NAME, GPG_ERR_NOT_FOUND,
                                               GPG_ERR_UNKNOWN_HOST, GPG_ERR_NO_ERROR};
    for (gsize i = 0; i < G_N_ELEMENTS(nothing); i++) {
        g_autoptr(GError) error = NULL;
        g_autofree char *source = NULL;
        dirmngr = (typeof(dirmngr)){.said = gpgme_error(nothing[i]), .source = "https://x"};
        assert_null(ask(&source, &error));
        assert_null(error);
        assert_null(source);
    }
}

static void each_failure_of_a_directory_has_its_rule(void **state)
{
    (void)state;
    static const struct {
        gpgme_err_code_t said;
        const char *rule;
        int code;
    } cases[] = {
        {GPG_ERR_TIMEOUT, "server.timeout", 75},
        {GPG_ERR_ETIMEDOUT, "server.timeout", 75},
        {GPG_ERR_ECONNREFUSED, "server.unreachable", 69},
        {GPG_ERR_EHOSTUNREACH, "server.unreachable", 69},
        {GPG_ERR_ENETUNREACH, "server.unreachable", 69},
        {GPG_ERR_SERVER_FAILED, "server.unreachable", 69},
        {GPG_ERR_TOO_LARGE, "wkd.answer", 76},
        {GPG_ERR_BAD_CERT, "wkd.tls", 76},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        dirmngr =
            (typeof(dirmngr)){.data = "half", .repeat = 1, .said = gpgme_error(cases[i].said)};
        assert_told(cases[i].rule, cases[i].code);
        dirmngr = (typeof(dirmngr)){.failure = gpgme_error(cases[i].said)};
        assert_told(cases[i].rule, cases[i].code);
    }
}

static void p8_limit_wkd_bytes(void **state)
{
    (void)state;
    static char piece[1025];
    memset(piece, 'x', sizeof piece - 1);
    g_autoptr(GError) error = NULL;
    g_autofree char *source = NULL;
    dirmngr = (typeof(dirmngr)){.data = piece, .repeat = LIMIT_WKD_BYTES / 1024};
    g_autoptr(GBytes) bytes = ask(&source, &error);
    assert_int_equal(g_bytes_get_size(bytes), LIMIT_WKD_BYTES);
    dirmngr.repeat++;
    assert_told("wkd.answer", POSTERN_ERROR_PROTOCOL);
    dirmngr.repeat += 1000; /* whatever comes behind it, not even when it would fit */
    assert_told("wkd.answer", POSTERN_ERROR_PROTOCOL);
}

static void p8_limit_wkd_ms(void **state)
{
    (void)state;
    dirmngr = (typeof(dirmngr)){.stalls = TRUE};
    assert_told("server.timeout", POSTERN_ERROR_TEMPORARY);
    assert_true(dirmngr.cancelled);
    assert_true(later >= LIMIT_WKD_MS * G_TIME_SPAN_MILLISECOND);
    assert_true(later <= LIMIT_WKD_MS * G_TIME_SPAN_MILLISECOND + 10 * G_USEC_PER_SEC);
}

static void without_a_dirmngr_that_is_told(void **state)
{
    (void)state;
    for (int fails = ENGINE; fails <= START; fails++) {
        dirmngr = (typeof(dirmngr)){.data = "key", .repeat = 1, .fails = fails};
        assert_told("openpgp.engine", POSTERN_ERROR_POLICY);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_a_directory_has_comes_with_its_source),
        cmocka_unit_test(a_directory_without_the_key_is_no_failure),
        cmocka_unit_test(each_failure_of_a_directory_has_its_rule),
        cmocka_unit_test(p8_limit_wkd_bytes),
        cmocka_unit_test(p8_limit_wkd_ms),
        cmocka_unit_test(without_a_dirmngr_that_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
