/* See mail-fixture.h. */
#include "tests/unit/crypto/mail-fixture.h"

#include <gio/gio.h>

const char *key(const char *name)
{
    return gnupg_home_key(home, name);
}

GBytes *bytes_of(const char *text)
{
    return g_bytes_new(text, strlen(text));
}

char *string_of(GBytes *bytes)
{
    gsize size;
    const char *data = g_bytes_get_data(bytes, &size);
    return g_strndup(data, size);
}

char *gpg(const char *which, const char *input, const char *command, ...)
{
    va_list args;
    va_start(args, command);
    g_autofree char *line = g_strdup_vprintf(command, args);
    va_end(args);
    g_autoptr(GError) error = NULL;
    char *output = NULL;
    gnupg_home_use(home, which);
    g_autoptr(GSubprocess) process =
        g_subprocess_new(G_SUBPROCESS_FLAGS_STDIN_PIPE | G_SUBPROCESS_FLAGS_STDOUT_PIPE, &error,
                         "sh", "-c", line, NULL);
    assert_non_null(process);
    assert_true(
        g_subprocess_communicate_utf8(process, input ? input : "", NULL, &output, NULL, &error));
    gnupg_home_use(home, "own");
    assert_true(g_subprocess_get_successful(process));
    return output;
}

char *clear_signed(const char *name, const char *text)
{
    return gpg(strcmp(name, "owner") == 0 ? "own" : "others", text,
               "gpg --batch --quiet --digest-algo SHA512 -u %s --clear-sign", key(name));
}

char *armored(const char *text)
{
    return gpg("own", text, "gpg --batch --quiet --trust-model always -r %s -a --encrypt",
               key("owner"));
}

char *encrypted_part(const char *entity)
{
    g_autofree char *sealed = armored(entity);
    g_autoptr(GBytes) bytes = bytes_of(sealed);
    g_autoptr(GBytes) part = compose_encrypted(bytes);
    return string_of(part);
}

char *signed_part(const char *name, const char *entity)
{
    return signed_as(name, entity, entity);
}

char *signed_as(const char *name, const char *entity, const char *text)
{
    g_autofree char *signature = gpg(strcmp(name, "owner") == 0 ? "own" : "others", text,
                                     "gpg --batch --quiet -u %s -a --detach-sign", key(name));
    return g_strdup_printf("Content-Type: multipart/signed; boundary=s;\r\n"
                           " protocol=\"application/pgp-signature\"\r\n\r\n--s\r\n%s\r\n--s\r\n"
                           "Content-Type: application/pgp-signature\r\n\r\n%s\r\n--s--\r\n",
                           entity, signature);
}

char *mixed(const char *first, const char *second)
{
    return g_strdup_printf("Content-Type: multipart/mixed; boundary=m\r\n\r\n--m\r\n%s\r\n--m\r\n"
                           "%s\r\n--m--\r\n",
                           first, second);
}

Reading *open_text(const char *from, const char *entity)
{
    g_autofree char *text =
        g_strdup_printf("From: %s\r\nSubject: outer\r\nMIME-Version: 1.0\r\n%s", from, entity);
    g_autoptr(GBytes) bytes = bytes_of(text);
    return reading_open(bytes, TRUE);
}

const Block *block_at(const Reading *reading, guint i)
{
    assert_true(i < reading->blocks->len);
    return g_ptr_array_index(reading->blocks, i);
}

const Signature *signature_at(const Reading *reading, guint i)
{
    assert_true(i < reading->protection->signatures->len);
    return g_ptr_array_index(reading->protection->signatures, i);
}

gboolean warns(const Reading *reading, const char *name)
{
    for (guint i = 0; i < reading->protection->warnings->len; i++)
        if (strcmp(((Warning *)g_ptr_array_index(reading->protection->warnings, i))->name, name) ==
            0)
            return TRUE;
    return FALSE;
}

char *texts(const Reading *reading)
{
    g_autoptr(GString) all = g_string_new(NULL);
    for (guint i = 0; i < reading->blocks->len; i++)
        g_string_append_printf(all, "%s%s", i > 0 ? "|" : "", block_at(reading, i)->text);
    return g_string_free(g_steal_pointer(&all), FALSE);
}
