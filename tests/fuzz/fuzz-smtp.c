/* Replies of an SMTP server: EHLO's features first, then reply after reply; and dot-stuffing. */
#include <stdint.h>
#include <string.h>

#include "core/limits.h"
#include "net/dotstuff.h"
#include "net/smtpreply.h"
#include "tests/fuzz/feed.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_replies(LineReader *reader)
{
    SmtpFeatures features = {0};
    g_auto(SmtpReply) reply = {0};
    smtp_features_reset(&features);
    gboolean good = smtp_read(reader, "mail.corp.example", &reply, smtp_feature, &features, NULL);
    while (good) {
        if (reply.code < 200 || reply.code > 559 || reply.words == NULL || reply.text == NULL ||
            strlen(reply.text) > LIMIT_LINE || !g_utf8_validate(reply.words, -1, NULL))
            g_error("a reply was read wrongly");
        good = smtp_read(reader, "mail.corp.example", &reply, NULL, NULL, NULL);
    }
    if (features.offers->pdata[features.offers->len - 1] != NULL)
        g_error("the list of mechanisms has no end");
    smtp_features_clear(&features);
}

/* Whatever goes in, what comes out has whole line ends and no lone dot. */
static void check_stuffing(const uint8_t *data, size_t size)
{
    g_autoptr(GByteArray) out = g_byte_array_new();
    DotStuff state = {0};
    size_t half = size / 2;
    if (!dotstuff_feed(&state, data, half, out, NULL) ||
        !dotstuff_feed(&state, data + half, size - half, out, NULL) ||
        !dotstuff_finish(&state, out, NULL))
        return;
    for (guint i = 0; i < out->len; i++) {
        gboolean cr = i > 0 && out->data[i - 1] == '\r';
        gboolean line_start = i == 0 || out->data[i - 1] == '\n';
        if ((out->data[i] == '\n') != cr || out->data[out->len - 1] != '\n')
            g_error("a bare CR or LF came through");
        if (line_start && out->data[i] == '.' && (i + 1 == out->len || out->data[i + 1] == '\r'))
            g_error("a lone dot came through");
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    check_stuffing(data, size);
    g_autoptr(Channel) channel = feed_channel(data, size);
    if (channel == NULL)
        return 0;
    g_autoptr(LineReader) reader = line_reader_new(channel);
    check_replies(reader);
    return 0;
}
