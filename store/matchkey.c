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

gboolean matchkey_create(const guint8 vault_id[static VAULT_ID_SIZE], GError **error)
{
    g_autofree char *dir = path_state();
    g_autofree char *path = key_path(vault_id);
    if (!path_private_directory(dir, error))
        return FALSE;
    struct stat facts;
    if (lstat(path, &facts) == 0)
        return TRUE;
    guint8 key[KEY_SIZE];
    random_bytes(key, sizeof key);
    gboolean written = path_write_private(path, key, sizeof key, error);
    secret_wipe(key, sizeof key);
    return written;
}

static gboolean unusable(const char *path, const char *why, GError **error)
{
    g_autofree char *shown = text_name(path);
    return refuse(error, POSTERN_ERROR_POLICY, "vault.matchkey",
                  "restore that file from a backup: without it every message would be taken for "
                  "new",
                  "the vault's match key %s %s", shown, why);
}

Secret *matchkey_load(const guint8 vault_id[static VAULT_ID_SIZE], GError **error)
{
    g_autofree char *path = key_path(vault_id);
    int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0) {
        unusable(path, errno == ENOENT ? "is missing" : "cannot be read", error);
        return NULL;
    }
    guint8 key[KEY_SIZE + 1]; /* one more, to see that nothing follows */
    gssize got = -1;
    gboolean private = store_file_private(path, POSTERN_ERROR_POLICY, "vault.matchkey", error);
    if (private)
        got = read(fd, key, sizeof key);
    (void)close(fd);
    Secret *secret = got == KEY_SIZE ? secret_new(key, KEY_SIZE) : NULL;
    secret_wipe(key, sizeof key);
    if (private && secret == NULL)
        unusable(path, "is damaged", error);
    return secret;
}
