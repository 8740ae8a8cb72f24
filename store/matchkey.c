/* See matchkey.h. */
#include "store/matchkey.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/error.h"
#include "core/paths.h"
#include "core/text.h"
#include "store/files.h"
#include "store/vault-match.h"

#define RULE "vault.matchkey"

/* Two lower-case digits a byte, and ".match". */
static char *key_path(const guint8 vault_id[static VAULT_ID_SIZE])
{
    g_autofree char *dir = path_state();
    g_autoptr(GString) name = g_string_new(NULL);
    for (gsize i = 0; i < VAULT_ID_SIZE; i++)
        g_string_append_printf(name, "%02x", vault_id[i]);
    g_string_append(name, ".match");
    return g_build_filename(dir, name->str, NULL);
}

/* TRUE also when the file is lost: then *key is NULL, and *lost says in which way. */
static gboolean read_key(const char *path, Secret **key, const char **lost, GError **error)
{
    struct stat facts;
    *key = NULL;
    *lost = "is missing";
    if (lstat(path, &facts) != 0 && errno == ENOENT)
        return TRUE;
    if (!store_file_private(path, POSTERN_ERROR_POLICY, RULE, error))
        return FALSE;
    guint8 bytes[KEY_SIZE + 1]; /* one more, to see that nothing follows */
    gssize got = -1;
    int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    if (fd >= 0) {
        got = read(fd, bytes, sizeof bytes);
        (void)close(fd);
    }
    *lost = "is damaged";
    *key = got == KEY_SIZE ? secret_new(bytes, KEY_SIZE) : NULL;
    secret_wipe(bytes, sizeof bytes);
    return TRUE;
}

static gboolean refuse_lost(const char *path, const char *why, GError **error)
{
    g_autofree char *shown = text_name(path);
    return refuse(error, POSTERN_ERROR_POLICY, RULE,
                  "run 'postern unlock' where the private key is: it puts the file back from the "
                  "copy that is sealed in the vault",
                  "the vault's match key %s %s", shown, why);
}

Secret *matchkey_create(const guint8 vault_id[static VAULT_ID_SIZE], GError **error)
{
    const char *lost;
    Secret *key;
    g_autofree char *dir = path_state();
    g_autofree char *path = key_path(vault_id);
    if (!path_private_directory(dir, error) || !read_key(path, &key, &lost, error))
        return NULL;
    if (key)
        return key;
    guint8 fresh[KEY_SIZE];
    random_bytes(fresh, sizeof fresh);
    if (path_write_private(path, fresh, sizeof fresh, error))
        key = secret_new(fresh, sizeof fresh);
    secret_wipe(fresh, sizeof fresh);
    return key;
}

/* As read_key(), and another vault's key counts as lost. */
static gboolean read_own(const Vault *vault, const char *path, Secret **key, const char **lost,
                         GError **error)
{
    if (!read_key(path, key, lost, error))
        return FALSE;
    if (*key && !vault_match_fits(vault, *key)) {
        g_clear_pointer(key, secret_free);
        *lost = "is not the one of this vault";
    }
    return TRUE;
}

Secret *matchkey_load(const Vault *vault, GError **error)
{
    const char *lost;
    Secret *key;
    g_autofree char *path = key_path(vault_id(vault));
    if (read_own(vault, path, &key, &lost, error) && key == NULL)
        refuse_lost(path, lost, error);
    return key;
}

gboolean matchkey_restore(const Vault *vault, const Secret *vault_private, gboolean *restored,
                          GError **error)
{
    const char *lost;
    g_autoptr(Secret) key = NULL;
    g_autofree char *dir = path_state();
    g_autofree char *path = key_path(vault_id(vault));
    *restored = FALSE;
    if (!read_own(vault, path, &key, &lost, error))
        return FALSE;
    if (key)
        return TRUE;
    key = vault_match_key(vault, vault_private, error);
    *restored = key && path_private_directory(dir, error) &&
                path_write_private(path, secret_bytes(key), secret_size(key), error);
    return *restored;
}
