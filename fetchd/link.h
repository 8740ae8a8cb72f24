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

/*
 * One letter; RECIPIENTS are char *. After "send.recipient", "send.rejected", "send.deferred",
 * "send.value" or "send.recipients" the next one may be tried on the same connection; after any
 * other failure there is nothing to do with it but link_mailer_drop().
 */
gboolean link_letter(Link *link, const char *from, const GPtrArray *recipients, GBytes *letter,
                     GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Frees LINK, with a good-bye to the server or without one; *FAILURE (may be NULL) becomes what
 * explains it better, when that is known. */
void link_mailer_part(Link *link);
void link_mailer_drop(Link *link, GError **failure);
