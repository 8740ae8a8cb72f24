/* See reading.h: a message out of the vault. */
#include "cli/reading.h"
#include "core/error.h"
#include "core/limits.h"
#include "core/stream.h"
#include "core/text.h"
#include "store/vault-session.h"

static GBytes *whole(Source *source, const char *id, GError **error)
{
    g_autoptr(GError) failure = NULL;
    GBytes *bytes = source_drain(source, LIMIT_VIEW_BYTES, &failure);
    if (g_strcmp0(postern_error_rule(failure), "message.size") == 0) {
        g_autofree char *mend =
            g_strdup_printf("save it by 'postern show --raw %s >FILE' and open it elsewhere", id);
        postern_error_set_mend(failure, mend);
    }
    if (failure)
        g_propagate_error(error, g_steal_pointer(&failure));
    return bytes;
}

/* What is opened for the reader is opened for the index, too, and need not be opened again. That it
 * cannot be kept is no reason to withhold it. */
static Reading *open_letter(const Context *context, const char *id, GBytes *bytes, GError **error)
{
    GError *failure = NULL;
    g_autoptr(SessionKeys) keys =
        context->config->crypto_index == INDEX_FULL
            ? vault_session_keys(context->vault, context->vault_key, id, &failure)
            : NULL;
    if (failure) {
        g_propagate_error(error, failure);
        return NULL;
    }
    Reading *reading = reading_open_by(bytes, OPEN_ANY, keys);
    if (session_keys_grew(keys))
        (void)!vault_keep_session_keys(context->vault, context->vault_key, id, keys, NULL);
    return reading;
}

Reading *reading_fetch(const Context *context, const char *id, GBytes **raw, GError **error)
{
    g_autoptr(Source) source = vault_message(context->vault, context->vault_key, id, error);
    g_autoptr(GBytes) bytes = source ? whole(source, id, error) : NULL;
    if (bytes == NULL)
        return NULL;
    Reading *reading = open_letter(context, id, bytes, error);
    if (reading)
        reading_know(reading, context->config);
    if (reading && raw)
        *raw = g_steal_pointer(&bytes);
    return reading;
}

gboolean reading_no_part(const Message *message, int part, GError **error)
{
    const PartInfo *info = message_part(message, (guint)part);
    guint count = message_part_count(message);
    g_autofree char *mend = count > 1 ? g_strdup_printf("take one of the parts 2 to %u", count)
                                      : g_strdup("take part 1, or show the message without --part");
    if (info == NULL)
        return refuse(error, POSTERN_ERROR_INPUT, "message.part", mend,
                      "the message has no part %d", part);
    g_autofree char *type = text_name(info->type);
    return refuse(error, POSTERN_ERROR_INPUT, "message.part", mend,
                  "part %d is a %s, which only holds others", part, type);
}
