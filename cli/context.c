/* What commands work with, as far as nothing more is needed; see command.h. */
#include "cli/command.h"
#include "store/matchkey.h"
#include "store/tagrules.h"

gboolean context_meet_config(Context *context, GError **error)
{
    context->config = config_load(context->config_path, context->policy, error);
    if (context->config)
        context->rules = tagrules_parse(context->config, g_get_real_time() / G_USEC_PER_SEC, error);
    if (context->rules == NULL)
        return FALSE;
    return TRUE;
}

gboolean context_meet_vault(Context *context, GError **error)
{
    context->vault = vault_open(context->store, error);
    return context->vault != NULL;
}

gboolean context_meet_match(Context *context, GError **error)
{
    context->match_key = matchkey_load(context->vault, error);
    return context->match_key != NULL;
}

void context_clear(Context *context)
{
    index_close(context->index);
    secret_free(context->vault_key);
    secret_free(context->match_key);
    vault_close(context->vault);
    config_free(context->config);
    g_clear_pointer(&context->rules, g_ptr_array_unref);
    g_free(context->config_path);
    g_free(context->store);
    g_free(context->policy);
    g_free(context->color_when);
    g_free(context->trace_path);
    g_free(context->help_text);
    tracelog_close(context->trace);
}
