/*
 * filing — the copies of an account's letters on their way to its folder on the server
 * (`save_sent = FOLDER`): one connection and one login for all of them, made for the first, to a
 * server vetted as for fetching.
 */
#pragma once

#include "fetchd/link.h"
#include "store/vault-outbox.h"

typedef struct Filing Filing;

/* All are the caller's and outlive the result; TRACE may be NULL, STOP_FD -1. Nothing is opened
 * yet. */
Filing *filing_new(const Config *config, const Account *account, const char *store, TraceLog *trace,
                   int stop_fd);

/*
 * LETTER lies there on return, once, however often this is said; DATE in seconds since 1970. 78
 * for what the configuration or policy refuses, and "server.folder" when the server has no such
 * folder; the errors of fetchd/loginguard.h and net/fetcher.h.
 */
gboolean filing_letter(Filing *filing, GBytes *letter, gint64 date,
                       GError **error) G_GNUC_WARN_UNUSED_RESULT;

/*
 * The same of the copy that CLAIM has (OUTBOX_FILING), which is settled: done, or to be
 * tried later, and then *WHY says why. FALSE with *error when the outbox could not be written: 74.
 */
gboolean filing_claim(Filing *filing, Vault *vault, OutboxClaim *claim, GError **why,
                      GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Without asking a server: it is to be tried later, because of WHY; NULL: not any more. */
gboolean filing_put_off(Vault *vault, OutboxClaim *claim, const GError *why,
                        GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Says good-bye to the server. */
void filing_free(Filing *filing);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Filing, filing_free)
