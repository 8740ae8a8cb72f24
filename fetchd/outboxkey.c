/* See outboxkey.h. */
#include "fetchd/outboxkey.h"

#include <string.h>

#include "core/error.h"
#include "crypto/aead.h"
#include "crypto/password.h"
#include "store/vault-outbox-key.h"

char *outboxkey_text(const Secret *key)
{
    return g_base64_encode(secret_bytes(key), secret_size(key));
}

/* Wiped where it was decoded. */
static Secret *decode(const Secret *text)
{
    gsize size = 0;
    g_autofree char *line = g_strndup((const char *)secret_bytes(text), secret_size(text));
    g_strstrip(line);
    g_autofree guchar *bytes = g_base64_decode(line, &size);
    Secret *key = size == KEY_SIZE ? secret_new(bytes, size) : NULL;
    secret_wipe(bytes, size);
    secret_wipe(line, strlen(line));
    return key;
}

Secret *outboxkey_load(const Account *account, Vault *vault, GError **error)
{
    const Account source = {.name = account->name,
                            .secret_kind = SECRET_CREDENTIAL,
                            .secret_argument = account->outbox_key + strlen("credential:")};
    g_autoptr(Secret) text = password_get(&source, -1, error);
    if (text == NULL)
        return NULL;
    g_autoptr(Secret) key = decode(text);
    if (key == NULL) {
        refuse(error, POSTERN_ERROR_POLICY, "outbox.key",
               "give the host what 'postern outbox key' prints",
               "the credential of outbox_key of account \"%s\" is no key", account->name);
        return NULL;
    }
    return vault_outbox_key_check(vault, key, error) ? g_steal_pointer(&key) : NULL;
}
