/*
 * link-state — what link.c and link-letter.c share, and nobody else sees.
 */
#pragma once

#include <sys/types.h>

#include "core/limits.h"
#include "fetchd/link.h"
#include "fetchd/ticket.h"
#include "fetchd/wire.h"

/* The child has its own deadlines; when it is silent for longer than all of them, it hangs. */
#define COMMAND_MS (LIMIT_COMMAND_MS + LIMIT_CONNECT_MS)

struct Link {
    Fetcher fetcher;
    Wire *wire;
    pid_t pid;
    pid_t tunnel; /* 0: none */
    char *account, *host;
    char *alert; /* the first that was not asked for yet */
    TraceLog *trace;
    int stop_fd;
    const LinkTarget *target; /* until the login is answered */
    Ticket *ticket;           /* of that login, once the server is known and offers GSSAPI */
    guint answers;
    gboolean waking;    /* WAKE is out, and its IDLE not done yet */
    gboolean news;      /* this IDLE has brought them */
    GByteArray *record; /* the payload being made */
};

/* Handles one frame of an answer; FALSE with *error ends the connection. */
typedef gboolean (*FrameTaker)(gpointer user, const Frame *frame, GError **error);

/* Connects, starts the child and logs in. */
Link *link_open(const LinkTarget *target, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Ends the child. When the tunnel had ended, that explains *FAILURE (may be NULL), and becomes
 * it. */
void link_close(Link *link, GError **failure);

/* Tells the child what it connects to, with everything but trust and secret. */
void link_put_session(Link *link, const LinkTarget *target, GPtrArray *ca_sets);

/* And all of it, upon which it logs in. CA_SETS are of trust_load(); TARGET must last until it has
 * answered. */
gboolean link_introduce(Link *link, const LinkTarget *target, GPtrArray *ca_sets,
                        GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* A frame that comes before that answer. */
gboolean link_login_frame(Link *link, const Frame *frame, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* It has answered. */
void link_logged_in(Link *link);

/* Takes a frame that is no answer: TRACE or ALERT. */
gboolean link_aside(Link *link, const Frame *frame, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* One frame with what lies in the record, which is empty then. */
gboolean link_put(Link *link, WireType type, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Waits for the end of an answer, for BASE_MS and what its bytes take, handing what comes before it
 * to TAKER (NULL: nothing may come). */
gboolean link_await(Link *link, gint64 base_ms, FrameTaker taker, gpointer user,
                    GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* As link_await() for a command of the usual length. */
gboolean link_await_done(Link *link, FrameTaker taker, gpointer user,
                         GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* 70 "net.record": the child says what it was not asked. Always FALSE. */
gboolean link_out_of_order(GError **error);

/* link-changes.c: the descriptor's functions of these names. */
gboolean link_mailboxes(Fetcher *fetcher, Opening *first, MailboxTaker taker, gpointer user,
                        GError **error);
gboolean link_select(Fetcher *fetcher, const char *name, const Known *known,
                     const ChangeTaker *changes, Selected *selected, GError **error);
gboolean link_sizes(Fetcher *fetcher, const NumberRange *ranges, gsize n, SizedTaker taker,
                    gpointer user, GError **error);
gboolean link_changes(Fetcher *fetcher, const NumberRange *ranges, gsize n, guint64 since,
                      const ChangeTaker *taker, GError **error);

/* link-file.c: likewise. */
gboolean link_file(Fetcher *fetcher, const Filed *filed, GError **error);
