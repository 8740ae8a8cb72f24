/*
 * fetcher — what IMAP and POP3 have in common, seen from the net child: one descriptor each.
 * `remove` is the only way a server learns that a message is safe elsewhere (P6).
 *
 * Numbers are UIDs in IMAP and message numbers of the session in POP3. All functions block
 * within the deadlines of core/limits.h. Errors: 76 "server.protocol", "tls.*" and the like;
 * 77 "login.refused" (a verdict on the credential), "login.denied" (the server refuses for another
 * reason); 75 "server.timeout", "server.busy"; 69 "server.closed".
 */
#pragma once

#include "core/letter.h"
#include "net/changes.h"
#include "net/filed.h"
#include "net/report.h"
#include "net/session.h"

typedef struct Fetcher Fetcher;

/* What a mailbox is for, as the server says it; in the order of value_mailbox_use(). */
typedef enum {
    USE_ALL = 1 << 0,
    USE_ARCHIVE = 1 << 1,
    USE_DRAFTS = 1 << 2,
    USE_FLAGGED = 1 << 3,
    USE_IMPORTANT = 1 << 4,
    USE_JUNK = 1 << 5,
    USE_SENT = 1 << 6,
    USE_TRASH = 1 << 7,
} MailboxUse;
#define USE_ANY ((1 << 8) - 1)

/* The bit of NAME, "\Trash" in any case; 0 for none of these. */
guint mailbox_use_named(const char *name);

typedef struct {
    char *name;    /* exactly as the server sent it: what is sent back */
    char *display; /* UTF-8: modified UTF-7 decoded (RFC 3501, 5.1.3; RFC 6855) */
    gboolean selectable;
    guint uses; /* MailboxUse, by bit */
} MailboxName;
void mailbox_name_free(MailboxName *name);

typedef struct {
    guint32 uidvalidity; /* POP3: 0 */
    guint32 uidnext;     /* POP3: 0; IMAP without UIDNEXT: 0 */
    guint32 exists;
    guint64 modseq; /* HIGHESTMODSEQ (RFC 7162), below 2^63; 0: the server counts no changes */
    gboolean told;  /* all that has happened since KNOWN was handed on */
} Selected;

typedef struct {
    guint32 number;
    const char *uidl; /* POP3 with UIDL, else NULL; valid during the callback */
} Listed;

/* How large a message is, says the server; what comes may be another size. */
typedef struct {
    guint32 number;
    guint64 size;        /* G_MAXINT64 for more than that */
    gint64 internaldate; /* seconds since 1970, 0 when the protocol has none */
} Sized;

typedef struct {
    guint32 first, last;
} NumberRange;

/* A mailbox as the last pass left it. */
typedef struct {
    guint32 uidvalidity;
    guint64 modseq;            /* 0: not known */
    const NumberRange *ranges; /* the UIDs that are here: ascending, disjoint */
    gsize n;
} Known;

/* A mailbox to be opened, as by select(), in front of the list of all. */
typedef struct {
    const char *name;
    const Known *known;
    const ChangeTaker *changes;
    gboolean opened; /* FALSE after: the server said no, which ends nothing */
    Selected selected;
} Opening;

/* What is known of a message once its bytes have passed. */
typedef struct {
    guint32 number;
    gint64 internaldate; /* seconds since 1970, 0 when the protocol has none */
    GStrv flags;         /* without \Recent, or NULL; valid during the callback */
} Fetched;

/* Where messages go. Returning FALSE stops the transfer with that error. */
typedef struct {
    gboolean (*start)(gpointer user, GError **error);
    gboolean (*data)(gpointer user, const guint8 *bytes, gsize size, GError **error);
    gboolean (*end)(gpointer user, const Fetched *fetched, GError **error);
    gpointer user;
} MessageTaker;

/* NAME is NULL, once or more, where the server said no to a part of the list: there may be more. */
typedef gboolean (*MailboxTaker)(gpointer user, const MailboxName *name, GError **error);
typedef gboolean (*ListedTaker)(gpointer user, const Listed *listed, GError **error);
typedef gboolean (*SizedTaker)(gpointer user, const Sized *sized, GError **error);
typedef gboolean (*FetcherGet)(Fetcher *self, const NumberRange *ranges, gsize n,
                               const MessageTaker *taker, GError **error);

struct Fetcher {
    gboolean (*mailboxes)(Fetcher *self, Opening *first /* or NULL; POP3: ignored */,
                          MailboxTaker taker, gpointer user, GError **error);
    /* Opens NAME for reading. With KNOWN (else NULL) a server that can (QRESYNC) tells at once
     * what has happened since: to CHANGES, while this runs, and of the UIDs in KNOWN alone. What
     * came counts when this has succeeded; it is all of it when `told` is set, and nothing when
     * UIDVALIDITY is another. */
    gboolean (*select)(Fetcher *self, const char *name, const Known *known,
                       const ChangeTaker *changes, Selected *selected, GError **error);
    /* The flags of those of RANGES that changed after mod-sequence SINCE, or, with 0 or where the
     * server counts no changes, of all of them. A message may come twice: the later is true. NULL
     * in POP3, which has no flags. */
    gboolean (*changes)(Fetcher *self, const NumberRange *ranges, gsize n, guint64 since,
                        const ChangeTaker *taker, GError **error);
    /* What is there among RANGES (IMAP: UIDs; POP3: ignored, everything is listed). */
    gboolean (*list)(Fetcher *self, const NumberRange *ranges, gsize n, ListedTaker taker,
                     gpointer user, GError **error);
    /* How large those of RANGES are (POP3: all), in any order, perhaps twice or not at all. To be
     * asked where it is wanted alone: some servers read each message for it. */
    gboolean (*sizes)(Fetcher *self, const NumberRange *ranges, gsize n, SizedTaker taker,
                      gpointer user, GError **error);
    /* Messages that are gone, or given as NIL, are left out; one of more than LIMIT_BODY_BYTES ends
     * the connection with 76. `headers`: each header with its empty line; NULL in POP3. */
    FetcherGet get, headers;
    gboolean (*remove)(Fetcher *self, const guint32 *numbers, gsize n, GError **error);
    gboolean (*file)(Fetcher *self, const Filed *filed, GError **error); /* NULL in POP3 */
    gboolean (*quit)(Fetcher *self, GError **error); /* POP3's deletions hold if it succeeded */
    void (*report)(const Fetcher *self, ServerReport *report);
    /* What the server wants the user to see, since this was asked last; safe to print, the
     * caller's. NULL for nothing. */
    char *(*alert)(Fetcher *self);
    /* Waits for news of the selected mailbox (RFC 2177) until FD is readable; in the child alone
     * (see fetchd/link.h). NEWS is called once, when something has changed. TRUE at once where the
     * server cannot; NULL in POP3. */
    gboolean (*idle)(Fetcher *self, int fd, void (*news)(gpointer user), gpointer user,
                     GError **error);
    void (*free)(Fetcher *self); /* closes the connection too */
};
void fetcher_free(Fetcher *fetcher);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Fetcher, fetcher_free)

/* TLS, greeting and login over the connected socket FD, which it takes over. */
Fetcher *imap_open(int fd, const Session *session, GError **error) G_GNUC_WARN_UNUSED_RESULT;
Fetcher *pop3_open(int fd, const Session *session, GError **error) G_GNUC_WARN_UNUSED_RESULT;
