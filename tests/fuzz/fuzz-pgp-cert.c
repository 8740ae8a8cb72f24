/* What claims to be the public key of an address: only public keys of that address are handed on.
 */
#include <glib.h>
#include <stdint.h>
#include <string.h>

#include "core/error.h"
#include "core/limits.h"
#include "crypto/pgp-cert.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Looked at once more, nothing of it changes. */
static void must_be_settled(GBytes *key)
{
    g_autoptr(GPtrArray) again = pgp_cert_sift(key, "a@b", NULL);
    if (again == NULL || again->len != 1 || !g_bytes_equal(again->pdata[0], key))
        g_error("what was looked at is not what is left");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autoptr(GBytes) bytes = g_bytes_new(data, size);
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) keys = pgp_cert_sift(bytes, "a@b", &error);
    if (keys == NULL &&
        (error->code != POSTERN_ERROR_INPUT || strcmp(postern_error_rule(error), "key.input") != 0))
        g_error("refused by %s", postern_error_rule(error));
    gsize all = 0;
    for (guint i = 0; keys && i < keys->len; i++) {
        all += g_bytes_get_size(keys->pdata[i]);
        must_be_settled(keys->pdata[i]);
    }
    if (all > size || (keys && keys->len > LIMIT_KEYS))
        g_error("it grew");
    return 0;
}
