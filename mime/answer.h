/*
 * answer — what a reply or a forwarded letter takes over from the one it answers (RFC 5322, 3.6.4):
 * recipients, subject, thread, quote. Everything it reads came from a stranger. Nothing is opened
 * here; what may be quoted is the caller's business.
 */
#pragma once

#include "mime/compose.h"
#include "mime/message.h"

typedef enum {
    ANSWER_SENDER, /* Reply-To, else From */
    ANSWER_ALL,    /* Mail-Followup-To, else the same with To and Cc as copies */
    ANSWER_LIST,   /* List-Post (RFC 2369) */
} AnswerWhom;

/*
 * LETTER's To and Cc, without OWN addresses; what we wrote ourselves goes to whom it went. Fields
 * and addresses that nobody could send to are passed over. 65 "reply.address": nobody is left;
 * "reply.list": the message names no list, or one that takes no mail.
 */
gboolean answer_recipients(Letter *letter, const Message *original, AnswerWhom whom,
                           char *const *own, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Does LETTER go to somebody, by Reply-To, while the message's sender gets none? */
gboolean answer_misses_sender(const Letter *letter, const Message *original);

/* In-Reply-To and References. */
void answer_thread(Letter *letter, const Message *original);

/* PREFIX ("Re", "Fwd") and the message's subject, on one line, and no prefix twice (g_free). */
char *answer_subject(const char *prefix, const Message *original);

/* "On …, … wrote:" and TEXT behind ">"; the same with the head that readers know above a forwarded
 * text (g_free). TEXT is safe to show. */
char *answer_quote(const Message *original, const char *text);
char *answer_forwarded(const Message *original, const char *text);

/* The first of OWN (addresses) that the message was sent to, by what servers and sender say of it;
 * NULL for none. */
const char *answer_addressed(const Message *original, char *const *own);
