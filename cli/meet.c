/* The needs of commands, met whatever it takes; see command.h. */
#include "cli/command.h"
#include "cli/meter.h"
#include "cli/output.h"
#include "core/error.h"
#include "core/text.h"
#include "crypto/unlock.h"
#include "store/absorb.h"
#include "store/matchkey.h"

/* Nothing that has the vault's key needs the match key, so trouble with it is only told. */
static void mend_match(const Context *context)
{
    gboolean restored;
    g_autoptr(GError) failure = NULL;
    if (!matchkey_restore(context->vault, context->vault_key, &restored, &failure)) {
        g_autofree char *words = postern_error_words(failure);
        output_note("%s", words);
    } else if (restored && !context->quiet) {
        output_note("the vault's match key was lost, and is put back from the copy in the vault");
    }
}

static gboolean meet_key(Context *context, GError **error)
{
    gsize size;
    const guint8 *wrapped = g_bytes_get_data(vault_wrapped_private(context->vault), &size);
    context->vault_key = unlock_vault(vault_id(context->vault), vault_public_key(context->vault),
                                      wrapped, size, context->config->unlock_seconds, error);
    if (context->vault_key)
        mend_match(context);
    return context->vault_key != NULL;
}

/* An answer that lacks something says so. */
static gboolean tell_waiting(const Context *context, GError **error)
{
    guint64 count;
    if (!index_waiting(context->index, &count, error))
        return FALSE;
    g_autofree char *words = text_count(count, "encrypted message is", "encrypted messages are");
    if (count > 0 && !context->quiet && context->config->crypto_index == INDEX_FULL)
        output_note("%s known by the header alone: the key was not unlocked", words);
    return TRUE;
}

gboolean context_absorb(Context *context, GError **error)
{
    Meter meter = meter_begin();
    const AbsorbOptions options = {
        .share = context->config->crypto_index,
        .rules = context->rules,
        .may_decrypt = TRUE,
        .hear = context->config->autocrypt != AUTOCRYPT_NO,
        .progress = context->quiet ? NULL : meter_absorbing,
        .user = &meter,
    };
    gboolean fine =
        absorb(context->vault, context->vault_key, context->index, &options, NULL, error);
    meter_end(&meter);
    return fine;
}

static gboolean meet_index(Context *context, GError **error)
{
    context->index =
        index_open(context->store, vault_id(context->vault), context->vault_key, error);
    return context->index && context_absorb(context, error) && tell_waiting(context, error);
}

gboolean context_meet(Context *context, Needs needs, GError **error)
{
    return (!(needs & NEED_CONFIG) || context->config || context_meet_config(context, error)) &&
           (!(needs & NEED_VAULT) || context->vault || context_meet_vault(context, error)) &&
           (!(needs & NEED_MATCH) || context->match_key || context_meet_match(context, error)) &&
           (!(needs & NEED_KEY) || context->vault_key || meet_key(context, error)) &&
           (!(needs & NEED_INDEX) || context->index || meet_index(context, error));
}
