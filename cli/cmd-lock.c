/* postern lock, postern unlock: the vault's key leaves and enters the kernel keyring. */
#include <stdio.h>

#include "cli/command.h"
#include "cli/json.h"
#include "core/error.h"
#include "core/text.h"
#include "crypto/unlock.h"

static void tell_json(gboolean unlocked, gboolean was_unlocked, guint seconds)
{
    g_autoptr(JsonBuilder) builder = json_builder_new();
    json_builder_begin_object(builder);
    json_bool(builder, "unlocked", unlocked);
    json_bool(builder, "was_unlocked", was_unlocked);
    json_int(builder, "seconds", seconds);
    json_builder_end_object(builder);
    output_json(builder);
}

static int lock(Context *context, int argc, char **argv, GError **error)
{
    if (!command_options(context, &command_lock, NULL, 0, 0, &argc, &argv, error))
        return POSTERN_ERROR_USAGE;
    gboolean was_there = unlock_forget(vault_id(context->vault));
    if (context->json)
        tell_json(FALSE, was_there, 0);
    else if (!context->quiet)
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
    guint seconds = context->config->unlock_seconds;
    if (seconds == 0)
        return refuse(error, POSTERN_ERROR_POLICY, "key.cache",
                      "set unlock_timeout in [crypto] to a longer time",
                      "the configuration lets the kernel keyring keep no key");
    /* Else gpg would not be asked, and the time would not begin anew. */
    gboolean was_there = unlock_forget(vault_id(context->vault));
    if (!context_meet(context, NEED_KEY, error))
        return POSTERN_ERROR_TEMPORARY;
    g_autoptr(Secret) cached = unlock_cached(vault_id(context->vault));
    if (cached == NULL)
        return refuse(error, POSTERN_ERROR_TEMPORARY, "key.cache",
                      "each command will ask gpg instead",
                      "the key opens the vault, but the kernel keyring does not keep it");
    if (context->json) {
        tell_json(TRUE, was_there, seconds);
    } else if (!context->quiet) {
        g_autofree char *time = seconds % 60 ? text_count(seconds, "second", "seconds")
                                             : text_count(seconds / 60, "minute", "minutes");
        printf("unlocked for %s\n", time);
    }
    return 0;
}

const Command command_unlock = {
    .name = "unlock",
    .usage = "",
    .summary = "Opens the vault by gpg once and keeps its key for a while",
    .needs = NEED_CONFIG | NEED_VAULT,
    .run = unlock,
};
