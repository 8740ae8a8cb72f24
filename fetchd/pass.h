/*
 * pass — one pass over one account, shared by its two protocols. Internal to fetchd/.
 */
#pragma once

#include "fetchd/engine.h"
#include "fetchd/plan.h"
#include "net/fetcher.h"

typedef struct {
    const EngineRun *run;
    const Account *account;
    VaultWriter *writer;
    Fetcher *fetcher;
    Outcome *outcome;
    guint64 total; /* messages the server lists as new */
    guint64 done;
    guint64 bytes;
} Pass;

/* Bytes of one arriving message into the vault; the MessageTaker's first two functions, whose
 * user pointer starts with a Pass pointer. */
gboolean pass_take_start(gpointer user, GError **error);
gboolean pass_take_data(gpointer user, const guint8 *bytes, gsize size, GError **error);

/* The message is whole: hands it to the vault and reports progress. */
gboolean pass_arrived(Pass *pass, const Arrival *arrival, GError **error);

/* Makes what arrived so far durable, and counts it in the outcome. */
gboolean pass_commit(Pass *pass, GError **error);

/* Fetches what is new. What is whole is committed even when the pass fails later. */
gboolean pass_imap(Pass *pass, GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean pass_pop3(Pass *pass, GError **error) G_GNUC_WARN_UNUSED_RESULT;
