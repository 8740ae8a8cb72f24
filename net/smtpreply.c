/* See smtpreply.h. */
#include "net/smtpreply.h"

#include <string.h>

#include "core/error.h"
#include "core/limits.h"
#include "net/sasl.h"
#include "net/words.h"

#define CODE_DIGITS 3
#define MOST_WORDS 64

void smtp_reply_clear(SmtpReply *reply)
{
    reply->code = 0;
    g_clear_pointer(&reply->words, g_free);
    g_clear_pointer(&reply->text, g_free);
}

static gboolean nonsense(const char *host, const char *line, gsize size, GError **error)
{
    g_autofree char *words = server_words(line, size);
    return refuse(error, POSTERN_ERROR_PROTOCOL, "server.protocol",
                  "tell the people who run the server; Postern has closed the connection",
                  "%s said something that is not SMTP: \"%s\"", host, words);
}

/* The code of a line, 0 for none. *last: the reply ends here. */
static int code_of(const char *line, gsize size, gboolean *last)
{
    if (size < CODE_DIGITS || memchr(line, '\0', size) || line[0] < '2' || line[0] > '5' ||
        line[1] < '0' || line[1] > '5' || !g_ascii_isdigit(line[2]))
        return 0;
    char after = line[CODE_DIGITS];
    *last = after != '-';
    if (after != '-' && after != ' ' && after != '\0')
        return 0;
    return (line[0] - '0') * 100 + (line[1] - '0') * 10 + (line[2] - '0');
}

gboolean smtp_read(LineReader *reader, const char *host, SmtpReply *reply, SmtpLine each,
                   gpointer user, GError **error)
{
    gboolean last = FALSE;
    smtp_reply_clear(reply);
    for (guint lines = 0; !last; lines++) {
        gsize size;
        const char *line = line_read(reader, &size, error);
        if (line == NULL)
            return FALSE;
        int code = code_of(line, size, &last);
        if (code == 0 || lines == LIMIT_REPLY_LINES || (lines > 0 && code != reply->code))
            return nonsense(host, line, size, error);
        const char *text = size > CODE_DIGITS ? line + CODE_DIGITS + 1 : "";
        reply->code = code;
        if (lines == 0)
            reply->words = server_words(line, size);
        else if (each)
            each(user, text);
        if (last)
            reply->text = g_strdup(text);
    }
    return TRUE;
}

void smtp_features_reset(SmtpFeatures *features)
{
    smtp_features_clear(features);
    features->offers = sasl_offers_new();
}

void smtp_features_clear(SmtpFeatures *features)
{
    g_clear_pointer(&features->offers, g_ptr_array_unref);
    *features = (SmtpFeatures){0};
}

void smtp_feature(gpointer user, const char *text)
{
    SmtpFeatures *features = user;
    g_auto(GStrv) words = g_strsplit(text, " ", MOST_WORDS);
    if (words[0] == NULL)
        return;
    if (g_ascii_strcasecmp(words[0], "STARTTLS") == 0)
        features->starttls = TRUE;
    else if (g_ascii_strcasecmp(words[0], "8BITMIME") == 0)
        features->eight_bit = TRUE;
    else if (g_ascii_strcasecmp(words[0], "PIPELINING") == 0)
        features->pipelining = TRUE;
    else if (g_ascii_strcasecmp(words[0], "SMTPUTF8") == 0)
        features->utf8 = TRUE;
    else if (g_ascii_strcasecmp(words[0], "CHUNKING") == 0)
        features->chunking = TRUE;
    else if (g_ascii_strcasecmp(words[0], "DSN") == 0)
        features->dsn = TRUE;
    else if (g_ascii_strcasecmp(words[0], "AUTH") == 0)
        sasl_offer(features->offers, words + 1);
    else if (g_ascii_strcasecmp(words[0], "SIZE") == 0) {
        features->size_known = TRUE;
        if (words[1] &&
            !g_ascii_string_to_unsigned(words[1], 10, 0, G_MAXINT64, &features->size, NULL))
            features->size = 0;
    }
}
