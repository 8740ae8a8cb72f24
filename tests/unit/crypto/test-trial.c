#include "crypto/trial.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/error.h"
#include "crypto/pgp.h"

/* What was wrapped, and what comes out of it by asking and without. */
static GBytes *kept;
static enum { NOTHING, SAME, SHORT, LONG, OTHER } wraps, quietly, asking;

GBytes *__wrap_pgp_wrap(char *const *fingerprints, const Secret *secret, GError **error);
GBytes *__wrap_pgp_wrap(char *const *fingerprints, const Secret *secret, GError **error)
{
    (void)fingerprints;
    g_clear_pointer(&kept, g_bytes_unref);
    kept = g_bytes_new(secret_bytes(secret), secret_size(secret));
    if (wraps == SAME)
        return g_bytes_ref(kept);
    refuse(error, POSTERN_ERROR_POLICY, "key.expired", NULL, "it has expired");
    return NULL;
}

static Secret *comes(int what, GError **error)
{
    gsize size;
    const guint8 *bytes = g_bytes_get_data(kept, &size);
    g_autofree guint8 *other = g_malloc0(size + 1);
    memcpy(other, bytes, size);
    if (what == OTHER)
        other[size - 1] ^= 1;
    if (what == NOTHING)
        refuse(error, POSTERN_ERROR_TEMPORARY, "key.locked", NULL, "it is locked");
    return what == NOTHING ? NULL : secret_new(other, size + (what == LONG) - (what == SHORT));
}

Secret *__wrap_pgp_unwrap(const guint8 *wrapped, gsize size, GError **error);
Secret *__wrap_pgp_unwrap(const guint8 *wrapped, gsize size, GError **error)
{
    (void)wrapped, (void)size;
    return comes(asking, error);
}

Secret *__wrap_pgp_unwrap_quietly(const guint8 *wrapped, gsize size, GError **error);
Secret *__wrap_pgp_unwrap_quietly(const guint8 *wrapped, gsize size, GError **error)
{
    (void)wrapped, (void)size;
    return comes(quietly, error);
}

static void a_key_is_good_when_it_gives_back_what_was_sealed_to_it(void **state)
{
    (void)state;
    static const struct {
        int wraps, quietly, asking;
        gboolean ask;
        const char *rule; /* NULL: it is good */
    } cases[] = {
        {SAME, SAME, NOTHING, FALSE, NULL},         {SAME, NOTHING, SAME, TRUE, NULL},
        {NOTHING, SAME, SAME, TRUE, "key.expired"}, {SAME, NOTHING, SAME, FALSE, "key.locked"},
        {SAME, SAME, NOTHING, TRUE, "key.locked"},  {SAME, SHORT, SAME, FALSE, "key.unusable"},
        {SAME, LONG, SAME, FALSE, "key.unusable"},  {SAME, OTHER, SAME, FALSE, "key.unusable"},
        {SAME, SAME, OTHER, TRUE, "key.unusable"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        wraps = cases[i].wraps, quietly = cases[i].quietly, asking = cases[i].asking;
        gboolean good = trial_key("1234", cases[i].ask, &error);
        assert_int_equal(good, cases[i].rule == NULL);
        if (g_strcmp0(postern_error_rule(error), cases[i].rule) != 0)
            fail_msg("case %zu: %s", i, error ? error->message : "good");
    }
    g_clear_pointer(&kept, g_bytes_unref);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_key_is_good_when_it_gives_back_what_was_sealed_to_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
