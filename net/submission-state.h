/* submission-state — what submission.c and submission-letter.c share, and nobody else sees. */
#pragma once

#include "net/smtpreply.h"
#include "net/submission.h"

struct Submission {
    Channel *channel;
    LineReader *reader;
    char *host;
    SmtpFeatures features;
    gboolean broken; /* out of step with the server: nothing more is sent */
    gboolean chunks; /* it has taken a chunk, and not only offered CHUNKING */
};

/* One reply; 421 leaves the connection broken. */
gboolean submission_reply(Submission *self, SmtpReply *reply,
                          GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* 75 "server.busy" for 4yz, else 76 "server.protocol": the server's answer to WHAT is none that
 * could be. Always FALSE. */
gboolean submission_unexpected(Submission *self, const char *what, const SmtpReply *reply,
                               GError **error);

/* What asks for LETTER's notices, behind MAIL and behind RCPT for ADDRESS: "", or a blank and the
 * parameters (g_free). */
char *submission_notice_mail(const LetterEnvelope *letter);
char *submission_notice_rcpt(const LetterEnvelope *letter, const char *address);

/* A command without arguments from outside, and the one code that is right. */
gboolean submission_command(Submission *self, const char *line, int code,
                            GError **error) G_GNUC_WARN_UNUSED_RESULT;
