/* Single lines of a POP3 server through every reader of them. */
#include <stdint.h>
#include <string.h>

#include "core/limits.h"
#include "net/line.h"
#include "net/pop3reply.h"
#include "net/roll.h"
#include "tests/fuzz/feed.h"

#define EXISTS 100

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_line(const char *line, gsize size, Pop3Capabilities *capabilities, Roll *roll)
{
    const char *text, *uidl;
    guint32 number;
    if (pop3_status(line, size, &text) != POP3_NONSENSE) {
        if (text < line && *text != '\0')
            g_error("a text from elsewhere");
        if (pop3_stat(text, &number) && number > LIMIT_SERVER_MESSAGES)
            g_error("more messages than there can be");
        (void)pop3_transient(text);
    }
    guint64 bytes;
    if (pop3_scan(line, EXISTS, &number, &bytes) &&
        (number < 1 || number > EXISTS || bytes > G_MAXINT64))
        g_error("a size beyond its limits");
    pop3_capability(capabilities, line);
    if (!pop3_uidl(line, size, EXISTS, &number, &uidl) || roll_has(roll, number))
        return;
    if (number < 1 || number > EXISTS || strlen(uidl) < 1 || strlen(uidl) > LIMIT_UIDL)
        g_error("a UIDL beyond its limits");
    roll_add(roll, number, uidl);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autoptr(Channel) channel = feed_channel(data, size);
    if (channel == NULL)
        return 0;
    g_autoptr(LineReader) reader = line_reader_new(channel);
    g_autoptr(Pop3Capabilities) capabilities = pop3_capabilities_new();
    g_autoptr(Roll) roll = roll_new(EXISTS);
    const char *line;
    gsize length;
    while ((line = line_read(reader, &length, NULL)))
        check_line(line, length, capabilities, roll);
    (void)roll_unique(roll);
    if (capabilities->mechanisms->pdata[capabilities->mechanisms->len - 1] != NULL)
        g_error("the list of mechanisms has no end");
    return 0;
}
