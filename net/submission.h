/*
 * submission — sends letters on 465 (implicit TLS) and 587 (STARTTLS complete before anything
 * but EHLO), RFC 6409 over our own line protocol.
 *
 * Errors: those of fetcher.h, and 65 "send.recipient" / "send.rejected" with the server's words
 * for 5yz, "send.rejected", "send.utf8" and "send.dsn" for what it does not know to do, 75
 * "send.deferred" for 4yz (421 before the final dot is 75 "server.busy"); 75 "send.doubt" when the
 * connection died after the final dot, so that the letter may have been sent. Where BDAT is used,
 * read "the last byte" for "the final dot".
 */
#pragma once

#include "core/notice.h"
#include "core/stream.h"
#include "net/report.h"
#include "net/session.h"

typedef struct Submission Submission;

Submission *submission_open(int fd, const Session *session,
                            GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* For net/tlsport.c: on FD, which stays the caller's, all that stands before the handshake. */
gboolean submission_reach_tls(int fd, const Session *session,
                              GError **error) G_GNUC_WARN_UNUSED_RESULT;

void submission_free(Submission *submission);
void submission_report(const Submission *submission, ServerReport *report);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Submission, submission_free)

/* What is told while a letter goes out; either function may be NULL. */
typedef struct {
    /* The server does not take recipient number N, for REASON, "send.recipient" or "send.deferred";
     * the others may get the letter. */
    void (*refused)(gpointer user, guint n, const GError *reason);
    /* All is out but the last dot (or byte, of BDAT), upon which the server may take the letter.
     * After FALSE it stays here, and the letter is not sent. */
    gboolean (*dot)(gpointer user, GError **error);
    gpointer user;
} LetterTaker;

/* What a server must know to carry a letter. */
typedef enum {
    LETTER_8BIT = 1 << 0, /* bytes above 127 (8BITMIME, RFC 6152) */
    LETTER_UTF8 = 1 << 1, /* such bytes in its header (SMTPUTF8, RFC 6531); in an address of the
                             envelope they are seen without it */
} LetterNeeds;
#define LETTER_NEEDS (LETTER_8BIT | LETTER_UTF8)

typedef struct {
    const char *from;            /* "" for none */
    const GPtrArray *recipients; /* char *, "local@domain" */
    guint64 size;
    guint needs;          /* LetterNeeds */
    const Notice *notice; /* what is to be told of it (RFC 3461); NULL: nothing is asked */
} LetterEnvelope;

/*
 * One letter; BODY gives CRLF lines without dot-stuffing. It goes by BDAT where the server offers
 * CHUNKING and has shown that it knows it, else by DATA. TRUE when it was taken for all whom TAKER
 * (may be NULL) did not hear to be refused. Where all of them are, the failure is that of the
 * first.
 */
gboolean submission_send(Submission *submission, const LetterEnvelope *envelope, Source *body,
                         const LetterTaker *taker, GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean submission_quit(Submission *submission, GError **error);
