/*
 * sending — the letters of one account on their way to its submission server: one connection and
 * one login for all of them, made for the first.
 *
 * A server may end a connection between two letters: it had enough of them, or waited too long for
 * the next. That letter is tried once more on a new connection, unless its last dot was out: then
 * it is 75 "send.doubt", and nobody gets it twice.
 */
#pragma once

#include "core/config.h"
#include "fetchd/link.h"
#include "store/vault-outbox.h"

typedef struct Sending Sending;

/* All are the caller's and outlive the result; TRACE may be NULL, STOP_FD -1. Nothing is opened
 * yet. */
Sending *sending_new(const Config *config, const Account *account, const char *store,
                     TraceLog *trace, int stop_fd);

/*
 * One finished letter; FROM and RECIPIENTS (char *) are its envelope, WAY is as of link_letter().
 * 78 for what the configuration or policy refuses; the errors of fetchd/loginguard.h and of
 * net/submission.h. After sending_goes_on() the next letter may well be taken.
 */
gboolean sending_letter(Sending *sending, const char *from, const GPtrArray *recipients,
                        GBytes *letter, LetterWay *way, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The sender's own copy of LETTER, as owncopy_prepare() makes it, through VAULT. */
OwnCopy *sending_copy(Sending *sending, Vault *vault, const OutboxLetter *letter, GError **error);

/* Does its account keep copies on a server? */
gboolean sending_files(const Sending *sending);

/* Is FAILURE the server's verdict on a single letter? */
gboolean sending_goes_on(const GError *failure);

/* Says good-bye to the server. */
void sending_free(Sending *sending);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Sending, sending_free)
