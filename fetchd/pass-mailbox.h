/*
 * pass-mailbox — one mailbox in an IMAP pass: what its files share. Internal to fetchd/pass-*.c.
 *
 * What is new there is committed as it comes. What is gone waits until the pass is through
 * (pass_end_gone()): a message that only moved lies elsewhere by then, and only then is it known
 * how many would go. Until then the mailbox keeps its old mod-sequence, so that a pass that ends
 * before is told everything again.
 */
#pragma once

#include "fetchd/pass.h"

typedef struct {
    Pass *pass; /* first: see pass_take_start() */
    const MailboxName *mailbox;
    MailboxState state;
    Known known;         /* of the state, which lends it the ranges, */
    ChangeTaker changes; /* and where the news since go: what `opening` points to */
    Opening opening;
    Selected selected;
    GArray *missing;   /* NumberRange: what may be new */
    GArray *listed;    /* guint32: what of it is there */
    GArray *gone;      /* UidRange: what is not there any more */
    GArray *left;      /* guint32: what stays there because of its size, */
    GArray *recalled;  /* and what did, and is wanted now */
    guint32 backlog;   /* below this UID all that is listed was there before the last pass */
    gboolean anew;     /* nothing was known of it, or under other numbers */
    guint noes;        /* to single messages, one after another */
    gboolean given_up; /* the server says no to everything */
} MailboxPass;

/* Makes what was taken so far durable, with the mailbox's state. */
gboolean mailbox_save(MailboxPass *self, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Appends to NUMBERS (guint32) what the server has of RANGES (NumberRange). */
gboolean mailbox_list(MailboxPass *self, const GArray *ranges, GArray *numbers,
                      GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Makes `opening` ready: for mailbox_open(), or to be opened in front of the list of mailboxes. */
gboolean mailbox_begin(MailboxPass *self, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Opens the mailbox, unless that has been done, and takes over the flags that changed there; what
 * the server says is gone is in `gone` after. Told at once (QRESYNC), asked for (CONDSTORE), or
 * compared. */
gboolean mailbox_open(MailboxPass *self, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Does the server have as many messages as are here, are gone, were left there and are `listed`? */
gboolean mailbox_fits(MailboxPass *self, gboolean *fit, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/*
 * After `listed`: does the server have as many messages as it should, or must everything be listed
 * to see what is gone, and what is missing here though it was covered? 76 "server.count" when the
 * server contradicts itself twice: then nothing is gone.
 */
gboolean mailbox_recount(MailboxPass *self, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* pass-large.c. After mailbox_open(): of what was left out before, what fits now is not covered any
 * more. */
gboolean mailbox_recall(MailboxPass *self, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* How many of `left` are still there. */
guint mailbox_count_left(const MailboxPass *self);
/* After the count: those of `left` and `recalled` that are gone are forgotten. */
gboolean mailbox_forget_left(MailboxPass *self, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Leaves out what is too large of `listed` [begin, end), by what the server says. */
gboolean mailbox_leave_out(MailboxPass *self, guint begin, guint end,
                           GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* UID is here now; it may have been left out before. */
gboolean mailbox_has_come(MailboxPass *self, guint32 uid, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* pass-known.c. Of `listed`, what was brought along by an import is known again: it is here now, and
 * not missing. */
gboolean mailbox_know_again(MailboxPass *self, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* At the end: what is gone, or lies there under an old number, is put down for pass_end_gone(). */
void mailbox_depart(MailboxPass *self);

/* What lay in mailboxes that the server has no more lies there no more; see pass->listed. */
gboolean pass_end_unlisted(Pass *pass, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* 75 "sync.brake": `gone = remove` would remove too much. */
gboolean pass_end_gone(Pass *pass, GError **error) G_GNUC_WARN_UNUSED_RESULT;
