/* postern key list: what the keyring holds. */
#include "cli/json.h"
#include "cli/key.h"
#include "cli/output.h"
#include "core/error.h"

int key_list(Context *context, const KeyFlags *flags, char *const *words, GError **error)
{
    (void)flags;
    g_autoptr(GPtrArray) keys = keyring_list(words[0], error);
    if (keys == NULL)
        return 0;
    JsonArrayOutput output = {0};
    for (guint i = 0; i < keys->len; i++) {
        if (!context->json) {
            key_print(keys->pdata[i]);
            continue;
        }
        g_autoptr(JsonBuilder) builder = json_builder_new();
        json_builder_begin_object(builder);
        key_json(builder, keys->pdata[i]);
        json_builder_end_object(builder);
        output_json_element(&output, builder);
    }
    if (context->json)
        output_json_array_end(&output, FALSE);
    else if (keys->len == 0 && !context->quiet)
        output_note(words[0] ? "the keyring holds no such key" : "the keyring holds no key");
    return keys->len > 0 ? 0 : POSTERN_ANSWER_NO;
}
