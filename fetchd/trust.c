/* See trust.h. */
#include "fetchd/trust.h"

#include <errno.h>
#include <string.h>

#include "core/error.h"
#include "core/limits.h"
#include "core/text.h"

#define SYSTEM_BUNDLE "/etc/ssl/certs/ca-certificates.crt"

static GBytes *load(const char *path, GError **error)
{
    g_autofree char *text = NULL;
    gsize size;
    const char *fault = NULL;
    if (!g_file_get_contents(path, &text, &size, NULL))
        fault = g_strerror(errno);
    else if (size > LIMIT_CA_BUNDLE)
        fault = "it is too large";
    else if (strstr(text, "-----BEGIN CERTIFICATE-----") == NULL)
        fault = "it holds no PEM certificate";
    if (fault) {
        g_autofree char *shown = text_name(path);
        refuse(error, POSTERN_ERROR_POLICY, "config.ca_file",
               "set ca_file to the PEM file of your company's CA",
               "the CA certificates in %s cannot be used: %s", shown, fault);
        return NULL;
    }
    return g_bytes_new_take(g_steal_pointer(&text), size);
}

static void unref(gpointer bytes)
{
    g_bytes_unref(bytes);
}

GPtrArray *trust_load(const Company *company, GError **error)
{
    g_autoptr(GPtrArray) sets = g_ptr_array_new_with_free_func(unref);
    guint configured = company->ca_files->len;
    for (guint i = 0; i < MAX(configured, 1); i++) {
        const char *path = configured ? company->ca_files->pdata[i] : SYSTEM_BUNDLE;
        GBytes *text = load(path, error);
        if (text == NULL)
            return NULL;
        g_ptr_array_add(sets, text);
    }
    return g_steal_pointer(&sets);
}

gboolean trust_send(Wire *wire, const GPtrArray *sets, GError **error)
{
    for (guint i = 0; i < sets->len; i++) {
        gsize size;
        const guint8 *text = g_bytes_get_data(sets->pdata[i], &size);
        for (gsize at = 0; at < size; at += LIMIT_FRAME)
            if (!wire_put(wire, WIRE_CA, text + at, MIN(size - at, LIMIT_FRAME), error))
                return FALSE;
        if (!wire_put(wire, WIRE_CA, NULL, 0, error))
            return FALSE;
    }
    return TRUE;
}
