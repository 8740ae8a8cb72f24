/* postern lock, postern unlock: the vault's key leaves and enters the kernel keyring. */
#include <stdio.h>

#include "cli/command.h"
#include "cli/output.h"
#include "core/error.h"
#include "crypto/unlock.h"

static int lock(Context *context, int argc, char **argv, GError **error)
{
    if (!command_options(context, &command_lock, NULL, 0, 0, &argc, &argv, error))
        return POSTERN_ERROR_USAGE;
    gboolean was_there = unlock_forget(vault_id(context->vault));
    if (!context->quiet)
        puts(was_there ? "locked" : "was locked already");
    return 0;
}

const Command command_lock = {
    .name = "lock",
    .usage = "",
    .summary = "Forgets the key that opens the vault and its index",
    .needs = NEED_VAULT,
    .run = lock,
};

static int unlock(Context *context, int argc, char **argv, GError **error)
{
    if (!command_options(context, &command_unlock, NULL, 0, 0, &argc, &argv, error))
        return POSTERN_ERROR_USAGE;
    guint minutes = context->config->unlock_seconds / 60;
    g_autoptr(Secret) cached = unlock_cached(vault_id(context->vault));
    if (cached == NULL)
        return refuse(error, POSTERN_ERROR_TEMPORARY, "key.cache",
                      "each command will ask gpg instead",
                      "the key opens the vault, but the kernel keyring does not keep it");
    if (!context->quiet)
        printf("unlocked for %u minutes\n", minutes);
    return 0;
}

const Command command_unlock = {
    .name = "unlock",
    .usage = "",
    .summary = "Opens the vault by gpg once and keeps its key for a while",
    .needs = NEED_CONFIG | NEED_VAULT | NEED_KEY,
    .run = unlock,
};
