/* See trial.h. */
#include "crypto/trial.h"

#include <string.h>

#include "core/error.h"
#include "crypto/aead.h"
#include "crypto/pgp.h"

gboolean trial_key(const char *fingerprint, gboolean ask, GError **error)
{
    guint8 random[KEY_SIZE];
    random_bytes(random, sizeof random);
    g_autoptr(Secret) secret = secret_new(random, sizeof random);
    char *keys[] = {(char *)fingerprint, NULL};
    gsize size = 0;
    g_autoptr(GBytes) wrapped = pgp_wrap(keys, secret, error);
    const guint8 *bytes = wrapped ? g_bytes_get_data(wrapped, &size) : NULL;
    if (bytes == NULL)
        return FALSE;
    g_autoptr(Secret) opened =
        ask ? pgp_unwrap(bytes, size, error) : pgp_unwrap_quietly(bytes, size, error);
    if (opened == NULL)
        return FALSE;
    gboolean same = secret_size(opened) == sizeof random &&
                    memcmp(secret_bytes(opened), random, sizeof random) == 0;
    return same ||
           refuse(error, POSTERN_ERROR_POLICY, "key.unusable", "name another key",
                  "what is sealed to the key %s does not come out of it again", fingerprint);
}
