/*
 * pass — one pass over one account, shared by its two protocols. Internal to fetchd/.
 */
#pragma once

#include "fetchd/engine.h"
#include "fetchd/plan.h"
#include "net/fetcher.h"
#include "store/vault-place.h"

typedef struct {
    const EngineRun *run;
    const Account *account;
    VaultWriter *writer;
    Fetcher *fetcher;
    Outcome *outcome;
    MailboxName **watched; /* where the connection stays open, else NULL: the mailbox that is left
                              selected; with Outcome.brief it is the only one that is looked at */
    guint64 total;         /* messages the server lists as new */
    guint64 done;
    guint64 bytes;
    guint64 told;          /* of them, what progress knows */
    GError *no;            /* the first thing that the server only said no to */
    guint noes;            /* how many there were */
    const char *only;      /* the one mailbox that the URI names, or NULL */
    GPtrArray *departures; /* Departure *: what ends when the pass went through */
} Pass;

/* Bytes of one arriving message into the vault; the MessageTaker's first two functions, whose
 * user pointer starts with a Pass pointer. */
gboolean pass_take_start(gpointer user, GError **error);
gboolean pass_take_data(gpointer user, const guint8 *bytes, gsize size, GError **error);

/* The message is whole: hands it to the vault and reports progress. */
gboolean pass_arrived(Pass *pass, const Arrival *arrival, GError **error);

/* Makes what arrived so far durable, and counts it in the outcome. */
gboolean pass_commit(Pass *pass, GError **error);

/* Gets RANGES (NumberRange). What was only half there when it fails is dropped. */
gboolean pass_get(Pass *pass, const GArray *ranges, const MessageTaker *taker,
                  GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Is it a no of the server, after which the connection still listens? */
gboolean pass_said_no(const GError *failure);

/*
 * When FAILURE, which is taken, is a no of the server to one mailbox or message, or a count that
 * does not fit, it stops nothing else: it is kept, with WHAT (from text_name(), say) before it, and
 * the answer is TRUE. Any other becomes *error.
 */
gboolean pass_goes_on(Pass *pass, GError *failure, const char *what, GError **error);

/* Ends a pass that went through: FALSE with the first no, when there was one. */
gboolean pass_end(Pass *pass, GError **error);

/* Fetches what is new. What is whole is committed even when the pass fails later. */
gboolean pass_imap(Pass *pass, GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean pass_pop3(Pass *pass, GError **error) G_GNUC_WARN_UNUSED_RESULT;
