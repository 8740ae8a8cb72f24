/* postern key import, postern key export: public keys come and go. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/json.h"
#include "cli/key.h"
#include "core/error.h"
#include "core/limits.h"
#include "core/text.h"

/* --- in ------------------------------------------------------------------------------------ */

/* One byte more than may be in it tells that there is too much. */
static GBytes *read_all(int fd)
{
    g_autoptr(GByteArray) all = g_byte_array_new();
    guint8 buffer[16 * 1024];
    ssize_t got = 1;
    while (got != 0 && all->len <= LIMIT_KEYS_BYTES) {
        got = read(fd, buffer, sizeof buffer);
        if (got < 0 && errno != EINTR)
            return NULL;
        g_byte_array_append(all, buffer, got > 0 ? (guint)got : 0);
    }
    return g_byte_array_free_to_bytes(g_steal_pointer(&all));
}

static GBytes *read_file(const char *name, GError **error)
{
    gboolean input = strcmp(name, "-") == 0;
    int fd = input ? STDIN_FILENO : open(name, O_RDONLY | O_CLOEXEC);
    GBytes *bytes = fd >= 0 ? read_all(fd) : NULL;
    int failure = errno;
    if (fd >= 0 && !input)
        close(fd);
    if (bytes == NULL) {
        g_autofree char *safe = text_name(name);
        refuse(error, POSTERN_ERROR_INPUT, "key.input",
               "name a file that you may read, or - for standard input",
               "no keys can be read from %s: %s", safe, g_strerror(failure));
    }
    return bytes;
}

/* As they lie in the keyring now. */
static GPtrArray *look_again(const GPtrArray *read, GError **error)
{
    g_autoptr(GPtrArray) keys = g_ptr_array_new_with_free_func((GDestroyNotify)key_info_free);
    for (guint i = 0; i < read->len; i++) {
        KeyInfo *key = keyring_one(((const KeyInfo *)read->pdata[i])->fingerprint, error);
        if (key == NULL)
            return NULL;
        g_ptr_array_add(keys, key);
    }
    return g_steal_pointer(&keys);
}

static void tell_import(const Context *context, const GPtrArray *keys, const KeyImport *import)
{
    if (context->json) {
        g_autoptr(JsonBuilder) builder = json_builder_new();
        json_builder_begin_object(builder);
        json_int(builder, "imported", import->imported);
        json_int(builder, "changed", import->changed);
        json_int(builder, "unchanged", import->keys - import->imported - import->changed);
        keys_json(builder, "keys", keys);
        json_builder_end_object(builder);
        output_json(builder);
        return;
    }
    if (context->quiet)
        return;
    guint open = 0;
    for (guint i = 0; i < keys->len; i++) {
        const KeyInfo *key = keys->pdata[i];
        key_print(key);
        open += !key->confirmed;
    }
    printf("%u new, %u changed, %u as they were\n", import->imported, import->changed,
           import->keys - import->imported - import->changed);
    if (open > 0)
        printf("nobody has confirmed %s: compare the fingerprint with its owner, then 'postern key "
               "trust FINGERPRINT'\n",
               open == 1 ? "the one that is called so" : "those that are called so");
}

int key_import(Context *context, const KeyFlags *flags, char *const *words, GError **error)
{
    (void)flags;
    KeyImport import;
    g_autoptr(GBytes) data = read_file(words[0], error);
    g_autoptr(GPtrArray) read = data ? keyring_read(data, error) : NULL;
    if (read == NULL || !keyring_import(data, &import, error))
        return 0;
    g_autoptr(GPtrArray) keys = look_again(read, error);
    if (keys)
        tell_import(context, keys, &import);
    return 0;
}

/* --- out ----------------------------------------------------------------------------------- */

int key_export(Context *context, const KeyFlags *flags, char *const *words, GError **error)
{
    (void)flags;
    const char *name = words[0];
    if (name == NULL && context_meet(context, NEED_CONFIG, error))
        name = key_owner(context, FALSE, error);
    g_autoptr(KeyInfo) key = name ? keyring_one(name, error) : NULL;
    g_autoptr(GBytes) bytes = key ? keyring_export(key->fingerprint, TRUE, error) : NULL;
    if (bytes == NULL)
        return 0;
    gsize size;
    const char *text = g_bytes_get_data(bytes, &size);
    if (!context->json) {
        fwrite(text, 1, size, stdout);
        return 0;
    }
    g_autofree char *armored = g_strndup(text, size);
    g_autoptr(JsonBuilder) builder = json_builder_new();
    json_builder_begin_object(builder);
    json_string(builder, "fingerprint", key->fingerprint);
    json_string(builder, "key", armored);
    json_builder_end_object(builder);
    output_json(builder);
    return 0;
}
