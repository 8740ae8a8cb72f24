/*
 * link — the keeper's side of the wire: starts a net child for one connection and speaks to it
 * as if it were the server. Everything the child says is checked against what it was asked.
 *
 * A child that crashes, hangs or breaks the wire's rules is one failed connection: 70 "net.gone",
 * "net.record", 75 "net.timeout". Failures of the server itself come through as net/ made them. A
 * letter whose fate is unknown for such a reason is 75 "send.doubt".
 */
#pragma once

#include "core/config.h"
#include "core/stream.h"
#include "fetchd/record.h"
#include "fetchd/tracelog.h"
#include "net/fetcher.h"
#include "policy/endpoint.h"

typedef struct {
    const Company *company;
    const Account *account;
    const VettedEndpoint *endpoint;
    const Secret *secret; /* as of login_secret() */
    TraceLog *trace;      /* or NULL */
    int stop_fd;          /* becoming readable interrupts with 75 "run.interrupted"; -1 for none */
} LinkTarget;

/* Connects, starts the child and logs in. The child is ended when the result is freed. */
Fetcher *link_fetcher(const LinkTarget *target, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* --- in steps, so that one slow server keeps nobody else waiting ---------------------------- */

/* A connection that nobody has spoken on, and the child that will. */
typedef struct {
    int wire_fd;
    pid_t pid; /* 0: none */
    int fd;
    pid_t tunnel; /* 0: none */
    GPtrArray *ca_sets;
} LinkWay;
#define LINK_NO_WAY ((LinkWay){.wire_fd = -1, .fd = -1})
void link_way_clear(LinkWay *way);

/* Begins with *WAY, which is LINK_NO_WAY: starts the child, which ends with the calling thread and
 * gets ready while the rest goes on. CA_SETS are of trust_load(). *WAY is to be cleared even after
 * a failure, of this and of the next. */
gboolean link_prepare(LinkWay *way, GPtrArray *ca_sets, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Looks up, vets and connects, which may take its time; in any thread. */
gboolean link_reach(const LinkTarget *target, LinkWay *way,
                    GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Takes what WAY holds, and has the child log in: link_look() tells when it has. */
Fetcher *link_begin(const LinkTarget *target, LinkWay *way,
                    GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The selected mailbox is watched (Fetcher.idle) from now on, until link_wake() was called and
 * link_look() says LINK_DONE; or LINK_DONE comes by itself: the server cannot. */
gboolean link_idle(Fetcher *fetcher, GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean link_wake(Fetcher *fetcher, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Becomes readable when link_look() has something to say. */
int link_fd(const Fetcher *fetcher);

/* How a login or IDLE goes; never waits. After LINK_FAILED, with *error, link_drop() is all. */
typedef enum { LINK_QUIET, LINK_NEWS, LINK_DONE, LINK_FAILED } LinkEvent;
LinkEvent link_look(Fetcher *fetcher, GError **error);

/* Frees it; *FAILURE (may be NULL) becomes what explains it better, when that is known. */
void link_drop(Fetcher *fetcher, GError **failure);

/* Connects, logs in and says good-bye: does it work? REPORT, when not NULL, gets what the server
 * showed of itself. */
gboolean link_try(const LinkTarget *target, ServerReport *report,
                  GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Connects without login or secret: does the server's port refuse what it should? See
 * net/tlsport.h. */
gboolean link_probe(const LinkTarget *target, ProbeKind kind,
                    GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* --- letters ------------------------------------------------------------------------------- */

typedef struct Link Link;

/* Connects and logs in to a submission server, for any number of letters. */
Link *link_mailer(const LinkTarget *target, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* How a letter goes, to be made with refused = link_refusals_new(). */
typedef struct {
    GPtrArray *refused; /* for each recipient the server's reason (GError *), or NULL */
    /* Before the last dot is sent, upon which the letter may be with all who are not REFUSED;
     * FALSE keeps it here. Or NULL. */
    gboolean (*dot)(gpointer user, const GPtrArray *refused, GError **error);
    gpointer user;
    const Notice *notice; /* what is to be told of it later; or NULL */
} LetterWay;
GPtrArray *link_refusals_new(void);

/*
 * One letter; RECIPIENTS are char *. TRUE: the server took it for all who are not in WAY->refused,
 * which is cleared first. After "send.recipient", "send.rejected", "send.deferred",
 * "send.value", "send.utf8", "send.dsn" or "send.recipients" the next one may be tried on the same
 * connection; after any other failure there is nothing to do with it but link_mailer_drop(). Any
 * failure but "send.doubt" says that nobody has it.
 */
gboolean link_letter(Link *link, const char *from, const GPtrArray *recipients, GBytes *letter,
                     LetterWay *way, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Frees LINK, with a good-bye to the server or without one; *FAILURE (may be NULL) becomes what
 * explains it better, when that is known. */
void link_mailer_part(Link *link);
void link_mailer_drop(Link *link, GError **failure);
