/* What `postern sendmail` is given: whatever it is, a letter is made of it that has a header of
 * whole fields, one sender, no Bcc, and whole lines; or it is refused. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mime/given.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define LONGEST_LINE 998

/* g_error() ends in a trap, of which libFuzzer keeps no sample. */
#define broken(...) (fprintf(stderr, __VA_ARGS__), abort())

/* Names that may stand once, and those that may not stand at all. */
static const char *const once[] = {"From",
                                   "To",
                                   "Cc",
                                   "Subject",
                                   "Date",
                                   "Message-ID",
                                   "References",
                                   "MIME-Version",
                                   "Content-Type",

                                   "Content-Transfer-Encoding"};
static const char *const never[] = {"Bcc", "Resent-Bcc", "Return-Path", "HP-Outer", "Autocrypt"};

static gboolean named(const char *line, gsize size, const char *name)
{
    gsize length = strlen(name);
    return size > length && line[length] == ':' && g_ascii_strncasecmp(line, name, length) == 0;
}

static void check_field(const char *line, gsize size, guint *counts)
{
    gsize name = 0;
    if (line[0] == ' ' || line[0] == '\t')
        return;
    while (name < size && line[name] > ' ' && line[name] < 127 && line[name] != ':')
        name++;
    if (name == 0 || name == size || line[name] != ':')
        broken("a line of the header is no field");
    for (gsize i = 0; i < G_N_ELEMENTS(never); i++)
        if (named(line, size, never[i]))
            broken("%s came through", never[i]);
    for (gsize i = 0; i < G_N_ELEMENTS(once); i++)
        if (named(line, size, once[i]) && ++counts[i] > 1)
            broken("%s stands twice", once[i]);
}

/* The message as it leaves. SEVEN_BIT: so it is said of its content. */
static void check_message(GBytes *message, gboolean seven_bit)
{
    gsize size;
    const char *line = g_bytes_get_data(message, &size), *end = line + size;
    guint counts[G_N_ELEMENTS(once)] = {0};
    gboolean in_header = TRUE;
    while (line < end) {
        const char *feed = memchr(line, '\n', (gsize)(end - line));
        if (feed == NULL || feed == line || feed[-1] != '\r')
            broken("a line has no whole end");
        gsize length = (gsize)(feed - 1 - line);
        if (memchr(line, '\r', length) || memchr(line, '\0', length))
            broken("a bare CR, or NUL");
        if ((in_header || seven_bit) && length > LONGEST_LINE)
            broken("a line of %zu bytes", length);
        for (gsize i = 0; i < length && seven_bit && !in_header; i++)
            if ((guchar)line[i] >= 0x80)
                broken("what is said to be seven-bit is not");
        in_header = in_header && length > 0;
        if (in_header)
            check_field(line, length, counts);
        line = feed + 1;
    }
    if (counts[0] != 1 || in_header)
        broken("there is no sender, or no end of the header");
}

static void compose(const Given *given, HeaderProtection protection)
{
    Letter *letter = given->letter;
    g_autoptr(LetterIdentity) made = given->identity ? NULL : letter_identity_new(letter);
    const LetterIdentity *identity = made ? made : given->identity;
    g_autoptr(GBytes) entity = compose_entity(letter, identity, protection, NULL);
    if (entity == NULL)
        return;
    g_autoptr(GBytes) message =
        compose_message(letter, identity, entity, protection == PROTECT_ENCRYPTED);
    if (protection == PROTECT_NONE)
        check_message(message, given->seven_bit);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autoptr(GBytes) raw = g_bytes_new(data, size);
    g_autoptr(Given) given = given_read(raw, NULL);
    if (given == NULL)
        return 0;
    given->letter->from = address_parse("John <john@corp.example>", NULL);
    compose(given, PROTECT_NONE);
    compose(given, PROTECT_SIGNED);
    compose(given, PROTECT_ENCRYPTED);
    return 0;
}
