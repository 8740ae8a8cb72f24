/*
 * smtpreply — replies of an SMTP server (RFC 5321, 4.2): three digits, the same on every line,
 * at most LIMIT_REPLY_LINES lines.
 *
 * Errors: 76 "server.protocol", and those of line_read().
 */
#pragma once

#include "net/line.h"

typedef struct {
    int code;    /* 200 to 599 */
    char *words; /* the first line, made safe and bounded */
    char *text;  /* what follows the code on the last line, as it came */
} SmtpReply;

void smtp_reply_clear(SmtpReply *reply);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(SmtpReply, smtp_reply_clear)

/* Called with the text of each line after the first, when given. */
typedef void (*SmtpLine)(gpointer user, const char *text);

/* Reads one reply. HOST stands in messages. */
gboolean smtp_read(LineReader *reader, const char *host, SmtpReply *reply, SmtpLine each,
                   gpointer user, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* What EHLO told. */
typedef struct {
    gboolean starttls, eight_bit, pipelining, size_known, utf8, chunking, dsn;
    guint64 size;      /* the largest letter; 0: no limit told */
    GPtrArray *offers; /* of mechanisms, as of sasl_offers_new() */
} SmtpFeatures;

void smtp_features_reset(SmtpFeatures *features);
void smtp_features_clear(SmtpFeatures *features);

/* A SmtpLine for EHLO's reply; USER is SmtpFeatures. */
void smtp_feature(gpointer user, const char *text);
