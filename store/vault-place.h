/*
 * vault-place — where messages lie on IMAP servers: which UID of which mailbox stands for which
 * message, what flags the server says it has, and how that ends. Errors as in vault.h.
 */
#pragma once

#include "store/vault.h"

/* Server state of one IMAP mailbox; covered: the ranges that need never be asked for again. */
typedef struct {
    guint32 uidvalidity;
    guint64 modseq;      /* up to this the flags and the absent are known (RFC 7162); 0: no */
    GArray *covered;     /* UidRange; owned by whoever made the struct */
    gboolean renumbered; /* something still lies there under an earlier one; not for setting */
    guint64 messages;    /* that lie there, as of the last commit; not for setting */
} MailboxState;

/* What the vault knows of mailbox NAME of ACCOUNT; uidvalidity 0 and an empty set when nothing. */
gboolean vault_mailbox_state(VaultWriter *writer, const char *account, const char *mailbox,
                             MailboxState *state, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* To be stored with the running batch. Another uidvalidity than before (0 apart) begins the mailbox
 * anew; what lay there waits for vault_depart(). */
gboolean vault_set_mailbox_state(VaultWriter *writer, const char *account, const char *mailbox,
                                 const MailboxState *state,
                                 GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The server says that UID has FLAGS now: all of them, or NULL. They are journalled with the
 * running batch, unless they are what was known; a UID that is not here counts for nothing. */
gboolean vault_set_flags(VaultWriter *writer, const char *account, const char *mailbox, guint32 uid,
                         GStrv flags, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Takes back what was set in the running batch. */
void vault_drop_flags(VaultWriter *writer);

/* How many of UIDS (UidRange) are here. */
gboolean vault_count_uids(VaultWriter *writer, const char *account, const char *mailbox,
                          const GArray *uids, guint64 *count,
                          GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Appends to UIDS (guint32) the next LIMIT UIDs after AFTER that are here, ascending. */
gboolean vault_uids(VaultWriter *writer, const char *account, const char *mailbox, guint32 after,
                    guint limit, GArray *uids, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* How many messages the account has; see AccountStat. */
gboolean vault_messages(VaultWriter *writer, const char *account, guint64 *messages,
                        GError **error) G_GNUC_WARN_UNUSED_RESULT;

/*
 * The whole list of ACCOUNT's mailboxes on its server is NAMES (char *): what lay in others lies
 * there no more. Those placements end in one transaction, each is journalled (JOURNAL_ONLY: nobody
 * here can read the other mailbox's name), and *ended says how many. A message that lies nowhere
 * any more is kept for its account. The running batch must be committed.
 */
gboolean vault_depart_unlisted(VaultWriter *writer, const char *account, const GPtrArray *names,
                               guint64 *ended, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* What ends in one mailbox. */
typedef struct {
    char *mailbox;
    GArray *uids; /* UidRange: the server has them no more; others are passed over */
    gboolean
        renumbered; /* what lay there under an earlier UIDVALIDITY, and is here under its new one */
    guint64 modseq; /* the mailbox's from now on */
} Departure;
void departure_free(Departure *departure);

typedef struct {
    gboolean remove; /* else a message that lies nowhere any more is kept for its account */
    guint64 most;    /* so many messages may be removed; more, and nothing is changed */
    /* answers: */
    guint64 removed; /* messages */
    gboolean braked; /* too many: `removed` says how many it would have been */
} Removal;

/*
 * Ends the placements of DEPARTURES (Departure *, of one account) in one transaction with the
 * mailboxes' new modseq, and journals each. A message is removed, its bytes with it, only when no
 * mailbox and no account has it any more, and not for being renumbered. The running batch must be
 * committed.
 */
gboolean vault_depart(VaultWriter *writer, const char *account, const GPtrArray *departures,
                      Removal *removal, GError **error) G_GNUC_WARN_UNUSED_RESULT;
