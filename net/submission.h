/*
 * submission — sends letters on 465 (implicit TLS) and 587 (STARTTLS complete before anything
 * but EHLO), RFC 6409 over our own line protocol.
 *
 * Errors: those of fetcher.h, and 65 "send.recipient" / "send.rejected" with the server's words
 * for 5yz, 75 "send.deferred" for 4yz (421 before the final dot is 75 "server.busy"); 75
 * "send.doubt" when the connection died after the final dot, so that the letter may have been sent.
 */
#pragma once

#include "core/stream.h"
#include "net/report.h"
#include "net/session.h"

typedef struct Submission Submission;

Submission *submission_open(int fd, const Session *session, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;
/* For net/tlsport.c: on FD, which stays the caller's, all that stands before the handshake. */
gboolean submission_reach_tls(int fd, const Session *session,
                              GError **error) G_GNUC_WARN_UNUSED_RESULT;

void submission_free(Submission *submission);
void submission_report(const Submission *submission, ServerReport *report);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Submission, submission_free)

/*
 * One letter from FROM to RECIPIENTS (char *, "local@domain"); BODY gives CRLF lines without
 * dot-stuffing, SIZE its length. All recipients must be accepted, else nothing is sent.
 */
gboolean submission_send(Submission *submission, const char *from, const GPtrArray *recipients,
                         Source *body, guint64 size, GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean submission_quit(Submission *submission, GError **error);
