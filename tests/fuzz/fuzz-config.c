/*
 * Any text as a configuration and as a policy: it is read or refused, never more. What is read
 * must be what GKeyFile would have read.
 */
#include <stddef.h>
#include <stdint.h>

#include "core/config.h"
#include "core/keylines.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void compare_with_gkeyfile(const GPtrArray *lines, const char *text, gsize size)
{
    g_autoptr(GKeyFile) file = g_key_file_new();
    if (!g_key_file_load_from_data(file, text, size, G_KEY_FILE_KEEP_TRANSLATIONS, NULL))
        return; /* GKeyFile is stricter about the names of keys, all of which are unknown to us */
    for (guint i = 0; i < lines->len; i++) {
        const KeyLine *line = g_ptr_array_index(lines, i);
        if (line->key == NULL) {
            g_assert_true(g_key_file_has_group(file, line->section));
            continue;
        }
        g_autofree char *value = g_key_file_get_value(file, line->section, line->key, NULL);
        g_assert_cmpstr(value ? g_strstrip(value) : NULL, ==, line->value);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = (const char *)data;
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) lines = keylines_read(text, size, "fuzz", NULL);
    if (lines)
        compare_with_gkeyfile(lines, text, size);

    g_autoptr(Config) config = config_parse(text, size, "fuzz", &error);
    g_assert_true((config == NULL) == (error != NULL));
    g_autoptr(Config) narrowed =
        config_parse("[company]\ndomains = corp.example\n", 33, "own", NULL);
    g_autoptr(GError) refusal = NULL;
    gboolean laid = config_narrow(narrowed, text, size, "fuzz", &refusal);
    g_assert_true(laid == (refusal == NULL));
    return 0;
}
