/* Header words, parameters and addresses: one input for all three readers. */
#include <glib.h>
#include <stdint.h>
#include <string.h>

#include "mime/address.h"
#include "mime/rfc2047.h"
#include "mime/rfc2231.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must_be_utf8(const char *text)
{
    if (text && !g_utf8_validate(text, -1, NULL))
        g_error("not UTF-8: %s", text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autofree char *raw = g_strndup(size > 0 ? (const char *)data : "", size);
    g_autofree char *decoded = rfc2047_decode(raw);
    must_be_utf8(decoded);
    if (strpbrk(decoded, "\r\n") != NULL)
        g_error("more than one line: %s", decoded);
    g_autofree char *encoded = rfc2047_encode(decoded);
    g_autofree char *again = rfc2047_decode(encoded);
    if (strcmp(again, decoded) != 0)
        g_error("encoded otherwise: %s", decoded);

    g_autoptr(Parameters) parameters = parameters_parse(raw);
    g_autofree char *name = parameters_get(parameters, "filename");
    must_be_utf8(name);

    g_autoptr(GPtrArray) mailboxes = g_ptr_array_new_with_free_func(address_destroy);
    address_read(raw, 100, mailboxes);
    for (guint i = 0; i < mailboxes->len; i++) {
        g_autofree char *text = address_format(g_ptr_array_index(mailboxes, i));
        must_be_utf8(text);
    }
    return 0;
}
