/* What claims to be an encrypted OpenPGP message: gpg gets exactly what was looked at. */
#include <glib.h>
#include <stdint.h>
#include <string.h>

#include "core/error.h"
#include "core/limits.h"
#include "crypto/pgp-outline.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must_be_refused_well(const GError *error)
{
    static const char *const rules[] = {"openpgp.data", "openpgp.symmetric", "openpgp.unprotected",
                                        NULL};
    if (error->code != POSTERN_ERROR_INPUT || !g_strv_contains(rules, postern_error_rule(error)))
        g_error("refused by %s", postern_error_rule(error));
}

static void must_be_key_ids(const GPtrArray *ids)
{
    if (ids->len == 0 || ids->len > LIMIT_SESSION_KEYS)
        g_error("for %u keys", ids->len);
    for (guint i = 0; i < ids->len; i++)
        if (strspn(ids->pdata[i], "0123456789ABCDEF") != 16 || strlen(ids->pdata[i]) != 16)
            g_error("no key id: %s", (const char *)ids->pdata[i]);
}

/* Looked at once more, nothing of it changes, and it is for the same keys. */
static void must_be_settled(GBytes *clean, const GPtrArray *ids)
{
    g_autoptr(GPtrArray) again_ids = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GBytes) again = pgp_outline_encrypted(clean, again_ids, NULL);
    if (again == NULL || !g_bytes_equal(again, clean) || again_ids->len != ids->len)
        g_error("what was looked at is not what is left");
    if (!pgp_outline_is_encrypted(clean))
        g_error("an encrypted message does not look like one");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autoptr(GBytes) bytes = g_bytes_new(data, size);
    g_autoptr(GPtrArray) ids = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) clean = pgp_outline_encrypted(bytes, ids, &error);
    (void)pgp_outline_is_encrypted(bytes);
    if (clean == NULL) {
        must_be_refused_well(error);
        return 0;
    }
    if (g_bytes_get_size(clean) > size)
        g_error("it grew");
    must_be_key_ids(ids);
    must_be_settled(clean, ids);
    return 0;
}
