/*
 * pass — one pass over one account by one connection, shared by its two protocols. Each has a
 * thread, a connection and a writer of its own. Internal to fetchd/.
 */
#pragma once

#include "fetchd/plan.h"
#include "fetchd/sensitive.h"
#include "fetchd/tour.h"
#include "store/vault-skipped.h"

typedef struct Handoff Handoff;

typedef struct {
    const EngineRun *run;
    const Account *account;
    VaultWriter *writer;
    Fetcher *fetcher;
    Tour *tour;
    MailboxName **watched; /* where the connection stays open, else NULL: the mailbox that is left
                              selected */
    gboolean brief;        /* that one alone is looked at */
    guint64 untold;        /* bytes that progress does not know of yet */
    guint64 size;          /* bytes so far of the message that is coming */
    gboolean too_large;    /* and whether it is: then it is not kept */
    const char *only;      /* the one mailbox that the URI names, or NULL */
    /* char *: all mailboxes that the server has, wanted or not; NULL: not known */
    GPtrArray *listed;
    Handoff *handoff;      /* of an account that hands on, else NULL */
    SensitiveWatch *watch; /* where there are rules, else NULL */
    gboolean hands_on_sensitive;
    GByteArray *sent; /* the head of the message that is coming, where copies of letters are awaited
                         (pass-sent.h); else NULL */
} Pass;

/* The largest message, in bytes, that this pass takes. */
guint64 pass_limit(const Pass *pass);

/* Bytes of one arriving message into the vault; the MessageTaker's first two functions, whose
 * user pointer starts with a Pass pointer. What exceeds the limit is dropped, and the message with
 * it: the transfer goes on. */
gboolean pass_take_start(gpointer user, GError **error);
gboolean pass_take_data(gpointer user, const guint8 *bytes, gsize size, GError **error);

/* SKIPPED stays on its server; so many messages (1 or 0) were expected that do not come now. */
gboolean pass_left_out(Pass *pass, const Skipped *skipped, guint64 expected,
                       GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The message is whole: hands it to the vault, or leaves it out when it was too large, and reports
 * progress. */
gboolean pass_arrived(Pass *pass, const Arrival *arrival, GError **error);

/* Makes what arrived so far durable, and counts it. */
gboolean pass_commit(Pass *pass, GError **error);

/* Gets RANGES (NumberRange). What was only half there when it fails is dropped. */
gboolean pass_get(Pass *pass, const GArray *ranges, const MessageTaker *taker,
                  GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* What RANGES weigh, to TAKER. A server that says no does not know: then messages are measured as
 * they come. */
gboolean pass_sizes(Pass *pass, const NumberRange *ranges, gsize n, SizedTaker taker, gpointer user,
                    GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Is it a no of the server, after which the connection still listens? */
gboolean pass_said_no(const GError *failure);

/*
 * When FAILURE, which is taken, is a no of the server to one mailbox or message, or a count that
 * does not fit, it stops nothing else: it is kept, with WHAT (from text_name(), say) before it, and
 * the answer is TRUE. Any other becomes *error.
 */
gboolean pass_goes_on(Pass *pass, GError *failure, const char *what, GError **error);

/* Fetches what is new. What is whole is committed even when the pass fails later. */
gboolean pass_imap(Pass *pass, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* As one who helps: until no mailbox is left. */
gboolean pass_imap_help(Pass *pass, GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean pass_pop3(Pass *pass, GError **error) G_GNUC_WARN_UNUSED_RESULT;
