/*
 * imap — the inside of the IMAP fetcher, shared by net/imap*.c alone; the outside is imap_open()
 * in fetcher.h. libetpan composes commands and parses replies, over net/guard.h.
 */
#pragma once

#include "net/fetcher.h"
#include "net/guard.h"

typedef struct {
    Fetcher fetcher;
    Guard *guard;
    mailimap *etpan;
    GHashTable *capabilities; /* upper case */
    char *mailbox;            /* the selected one, or NULL */
    guint32 uidvalidity, uidnext, exists;
    gboolean scram;    /* was offered for the login */
    gboolean writable; /* opened with SELECT rather than EXAMINE */
    gboolean enabled;  /* ENABLE was said */
    gboolean qresync;  /* and holds for QRESYNC */
    gboolean utf8;     /* and for UTF8=ACCEPT: names of mailboxes are UTF-8 */
} Imap;

/* imap.c: greeting and login over CHANNEL, which it takes. NULL on failure. */
Fetcher *imap_over(Channel *channel, const Session *session, GError **error);

/* Sends WORDS as a command and waits for the tagged answer, which the guard's status holds; what
 * else the server says is for the guard and TAKER (may be NULL) alone. For what libetpan has not,
 * or keeps in memory. Its codes: MAILIMAP_NO_ERROR for NO and BAD too. */
int imap_say(Imap *imap, ScanExpects expects, const ChangeTaker *taker, const char *words);

/* Likewise in two halves, for commands that go out together (NULL ends them; nobody looks whether
 * they are one line): the tag of the first, and the answer to that of TAG; all but the last with
 * SCAN_STOP. */
guint imap_ask(Imap *imap, const char *const *words);
int imap_hear(Imap *imap, guint tag, ScanExpects expects, const ChangeTaker *taker);

/* imap-login.c */
gboolean imap_greeting(Imap *imap, GError **error);
gboolean imap_login(Imap *imap, const Session *session, GBytes *binding, GError **error);

/* imap-names.c, imap-mailbox.c, imap-list.c, imap-sizes.c, imap-get.c, imap-changes.c: the
 * descriptor's functions of the same names. */
gboolean imap_mailboxes(Fetcher *self, Opening *first, MailboxTaker taker, gpointer user,
                        GError **error);
gboolean imap_select(Fetcher *self, const char *name, const Known *known,
                     const ChangeTaker *changes, Selected *selected, GError **error);
gboolean imap_changes(Fetcher *self, const NumberRange *ranges, gsize n, guint64 since,
                      const ChangeTaker *taker, GError **error);
gboolean imap_remove(Fetcher *self, const guint32 *numbers, gsize n, GError **error);
gboolean imap_list(Fetcher *self, const NumberRange *ranges, gsize n, ListedTaker taker,
                   gpointer user, GError **error);
gboolean imap_sizes(Fetcher *self, const NumberRange *ranges, gsize n, SizedTaker taker,
                    gpointer user, GError **error);
gboolean imap_headers(Fetcher *self, const NumberRange *ranges, gsize n, const MessageTaker *taker,
                      GError **error);
gboolean imap_get(Fetcher *self, const NumberRange *ranges, gsize n, const MessageTaker *taker,
                  GError **error);

/* imap-append.c */
gboolean imap_file(Fetcher *self, const Filed *filed, GError **error);

/* imap-list.c: *uidnext of the mailbox that is open, where the server did not name it (RFC 3501,
 * 6.3.1, lets it): one more than the last message's UID. 0 when the server does not say that. */
gboolean imap_find_uidnext(Imap *imap, guint32 *uidnext, GError **error);

/* imap-idle.c */
gboolean imap_idle(Fetcher *self, int fd, void (*news)(gpointer user), gpointer user,
                   GError **error);
/* imap-changes.c: opens NAME, with what has happened since KNOWN (NULL: nothing is asked) and the
 * server is able to tell. As imap_say(); *told as in Selected. */
int imap_examine(Imap *imap, const char *name, const Known *known, const ChangeTaker *changes,
                 gboolean *told);

/* Likewise in two halves: the command (the caller's), and the answer under TAG, with STOP SCAN_STOP
 * when another follows. With RESYNC it asks for the news since KNOWN. */
gboolean imap_is_known(const Known *known); /* is there anything to have news of? */
char *imap_examine_words(const char *name, const Known *known, gboolean resync);
int imap_examine_hear(Imap *imap, guint tag, ScanExpects stop, const Known *known, gboolean resync,
                      const ChangeTaker *changes, gboolean *told);

/* Adds TEXT as an atom or, where it is none, a quoted string; it holds no line end. */
void imap_put_quoted(GString *out, const char *text);

/* imap-mailbox.c: NAME was opened, or so COMMAND's code R says: what the server said of it. */
gboolean imap_opened(Imap *imap, int r, const char *command, const char *name, Selected *selected,
                     GError **error);
/* With no other answer to come: UIDNEXT is asked for where the server did not name it. */
gboolean imap_opened_whole(Imap *imap, Selected *selected, GError **error);

/* imap-names.c: enables what is of use, once, before a mailbox is open (RFC 5161). FALSE when the
 * connection is dead; a server that refuses is taken as it is. */
gboolean imap_enable(Imap *imap, GError **error);

/* imap-error.c */

/* What libetpan's code R means, after COMMAND ("UID FETCH"), as an error. A refusal by the server
 * leaves the connection usable; after anything else it is dead. Always FALSE. */
gboolean imap_fail(Imap *imap, int r, const char *command, GError **error);

/* Kills the connection with this fault; always FALSE. */
gboolean imap_violation(Imap *imap, GError **error, const char *format, ...) G_GNUC_PRINTF(3, 4);

/* Likewise, "server.limit": WHAT, "a mailbox name", is over LIMIT. */
gboolean imap_too_much(Imap *imap, const char *what, guint limit, GError **error);

/* Kills the connection with ERROR, which stays the caller's. */
void imap_break(Imap *imap, const GError *error);

/* TRUE when STATUS begins with [CODE]. */
gboolean imap_said_code(const ScanStatus *status, const char *code);

/* The server's words, safe to print; the caller's. */
char *imap_words(const ScanStatus *status);

/* TRUE while something can be said; else *error. */
gboolean imap_alive(Imap *imap, GError **error);

gboolean imap_can(const Imap *imap, const char *capability);

/* imap-set.c: sets of UIDs, cut into commands. */

/* RANGES sorted and merged (NumberRange), empty ones and zero left out. */
GArray *uid_ranges_sorted(const NumberRange *ranges, gsize n);
gboolean uid_ranges_hold(const GArray *ranges, guint32 uid);
guint uid_ranges_find(const GArray *ranges, guint32 uid); /* the first that ends at or behind UID */

/* Takes UIDs from the front of RANGES for one command: at most SPAN of them, in at most
 * UID_SET_RANGES ranges. */
GArray *uid_ranges_cut(GArray *ranges, guint64 span);
struct mailimap_set *uid_set_new(const GArray *ranges); /* NULL without memory */
void uid_set_print(GString *out, const GArray *ranges); /* "1:3,7" */

#define UID_SET_RANGES 300 /* "4294967295:4294967295," each: a command stays below 8 KiB */
