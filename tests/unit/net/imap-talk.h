/*
 * imap-talk — for tests of the IMAP fetcher: a scripted server that has let the client in, and
 * takers that write down what they are given. Tags 1 to 3 are spent; the next command is "4 …".
 */
#pragma once

#include "net/fetcher.h"
#include "tests/unit/net/tls-peer.h"

typedef struct {
    GArray *steps; /* PeerStep */
    Session *session;
    Peer *peer;
    Fetcher *fetcher;
    GString *taken;  /* what takers were given, a line each */
    guint refuse_at; /* the taker's call, from 1, that fails; 0 for none */
    guint calls;
    guint64 bytes; /* of bodies; only counted when count_only is set */
    gboolean count_only;
    char *offer; /* the capabilities after login */
} Talk;

/* Logs in (capabilities: IMAP4rev1 UIDPLUS), then plays STEPS. */
void talk_begin(Talk *talk, const PeerStep *steps, gsize n);

/* Likewise with the capabilities IMAP4rev1 and ABILITIES. */
void talk_begin_able(Talk *talk, const char *abilities, const PeerStep *steps, gsize n);

/* Plays STEPS from the first byte; the fetcher is what imap_open() gives, or *error. */
void talk_raw(Talk *talk, const PeerStep *steps, gsize n, GError **error);

/* Frees all; what the client said, the caller's, and whether the script came to its end. */
char *talk_end(Talk *talk, gboolean *whole);

MessageTaker talk_taker(Talk *talk);
ChangeTaker talk_changes(Talk *talk); /* "uid:flags;" and "-first:last;" */
gboolean talk_mailbox(gpointer user, const MailboxName *name, GError **error);
gboolean talk_listed(gpointer user, const Listed *listed, GError **error);

void assert_fault(const GError *error, int code, const char *rule);
