/*
 * doctor — what `postern doctor` finds. Each doctor_*() looks at one side of things and adds its
 * rows; none of them prints, stops at a fault, asks for a passphrase (unless `asks`), or
 * changes anything but the notes of the login guard.
 */
#pragma once

#include "cli/command.h"
#include "net/report.h"
#include "policy/endpoint.h"
#include "policy/rules.h"

typedef enum { FINDING_PASS, FINDING_WARN, FINDING_FAIL, FINDING_SKIP } FindingStatus;

typedef struct {
    RuleId rule;
    FindingStatus status;
    char *subject; /* what was looked at: an account, a server, a file */
    char *detail;  /* what was found; for a skipped rule, why */
    char *mend;    /* NULL for what passes */
} Finding;

/* A server that the configuration names; endpoint NULL when policy refuses it. */
typedef struct {
    const Account *account;
    gboolean submits;
    VettedEndpoint *endpoint;
    char *subject;
} DoctorServer;

typedef struct {
    Context *context;
    gboolean offline;
    gboolean asks;         /* passwords may cost a question: gpg's, or a program's */
    const GPtrArray *only; /* Account *: logins and passwords of these alone; NULL: of all */
    const Secret *typed;   /* in place of the password of `only`, or NULL */
    GPtrArray *findings;   /* Finding *, in the order they were made */
    GPtrArray *servers;    /* DoctorServer * */
    GPtrArray *secrets;    /* Secret * of each account, NULL for one that cannot be had */
} Doctor;

void doctor_init(Doctor *doctor, Context *context, gboolean offline);
void doctor_clear(Doctor *doctor);

/* --- making rows: doctor.c ------------------------------------------------------------------ */

/* A row; DETAIL NULL says what the rule demands, MEND NULL what it usually takes. */
void doctor_row(Doctor *doctor, RuleId rule, FindingStatus status, const char *subject,
                const char *detail, const char *mend);
/* A row that failed as FAILURE tells, its mend included. */
void doctor_failure(Doctor *doctor, RuleId rule, const char *subject, const GError *failure);
/* The same when *failure, and a row that passes when it is NULL; frees it. */
void doctor_outcome(Doctor *doctor, RuleId rule, const char *subject, GError **failure);
/* A row that was not judged, because of REASON. */
void doctor_skip(Doctor *doctor, RuleId rule, const char *subject, const char *reason,
                 const char *mend);
/* Every rule that has no row yet was not judged. */
void doctor_skip_rest(Doctor *doctor, const char *reason, const char *mend);

/* Is ACCOUNT one of `only`? */
gboolean doctor_looks_at(const Doctor *doctor, const Account *account);

/* In the order of the rules. */
void doctor_sort(Doctor *doctor);
guint doctor_count(const Doctor *doctor, FindingStatus status);

/* --- looking -------------------------------------------------------------------------------- */

/* doctor-config.c: policy.file and config.readable; FALSE when there is nothing to go on from. A
 * policy that cannot be trusted ends everything: *error is set too. */
gboolean doctor_config(Doctor *doctor, GError **error);
/* doctor-server.c: transport.port, server.freemail, server.company; fills `servers`. */
void doctor_servers(Doctor *doctor);
/* doctor-ports.c: server.network, network.office, ports.closed; server.freemail by an alias. */
void doctor_ports(Doctor *doctor);
/* doctor-tls.c: tls.old-versions, tls.clear. */
void doctor_tls(Doctor *doctor);
/* doctor-report.c: certificate.days, server.abilities; or why they are not known. */
void doctor_report(Doctor *doctor, const DoctorServer *server, const ServerReport *report);
void doctor_no_report(Doctor *doctor, const DoctorServer *server, const char *reason,
                      const char *mend);
/* doctor-login.c: tls.chain, login.works, login.names. */
void doctor_logins(Doctor *doctor);
void doctor_login_names(Doctor *doctor);
/* doctor-password.c: fills `secrets`; password.there, password.strong, password.different. */
void doctor_passwords(Doctor *doctor);
/* doctor-key.c: key.encrypt, key.secret, recovery.keys, agent.pinentry. */
void doctor_keys(Doctor *doctor);
/* doctor-published.c: key.published, by a question to each address's domain, where `wkd` allows it.
 */
void doctor_published(Doctor *doctor);
/* doctor-store.c: store.permissions, matchkey.permissions; opens the vault. */
void doctor_store(Doctor *doctor);

/* doctor-outbox.c: outbox.waiting. After doctor_store(). */
void doctor_outbox(Doctor *doctor);
/* doctor-freemail.c: freemail.use. After doctor_store(). */
void doctor_freemail(Doctor *doctor);

/* --- telling: doctor-print.c ---------------------------------------------------------------- */

/* Prints the rows in their order; the exit code: 1 when one failed. */
int doctor_tell(Doctor *doctor);
