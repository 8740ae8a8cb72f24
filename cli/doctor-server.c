/* See doctor.h: may these servers be talked to? What the policy says before any look-up. */
#include "cli/doctor.h"
#include "core/error.h"
#include "core/text.h"

/* In the order in which endpoint_of() asks; what else it refuses is the file's fault. */
static const RuleId asked[] = {RULE_TRANSPORT_PORT, RULE_SERVER_FREEMAIL, RULE_SERVER_COMPANY};

static void tell(Doctor *doctor, const DoctorServer *server, const GError *failure)
{
    RuleId broken = RULES;
    if (failure)
        broken = rule_of_failure(postern_error_rule(failure), RULE_CONFIG_READABLE);
    if (failure)
        doctor_failure(doctor, broken, server->subject, failure);
    for (guint i = 0; i < G_N_ELEMENTS(asked); i++)
        if (asked[i] < broken)
            doctor_row(doctor, asked[i], FINDING_PASS, server->subject, NULL, NULL);
        else if (asked[i] > broken)
            doctor_skip(doctor, asked[i], server->subject, "the server is refused already",
                        "mend that first");
}

/* The URI itself is not shown: one that is refused may hold a password. */
static void look_at(Doctor *doctor, const Account *account, const char *uri, gboolean submits)
{
    g_autoptr(GError) failure = NULL;
    g_autofree char *name = text_field(account->name);
    DoctorServer *server = g_new0(DoctorServer, 1);
    server->account = account;
    server->submits = submits;
    server->subject = g_strconcat(name, submits ? " submit" : " fetch", NULL);
    server->endpoint = endpoint_of(account, uri, &doctor->context->config->company, &failure);
    if (server->endpoint && !endpoint_fits(server->endpoint, submits, &failure))
        g_clear_pointer(&server->endpoint, endpoint_free);
    tell(doctor, server, failure);
    g_ptr_array_add(doctor->servers, server);
}

void doctor_servers(Doctor *doctor)
{
    const GPtrArray *accounts = doctor->context->config->accounts;
    for (guint i = 0; i < accounts->len; i++) {
        const Account *account = accounts->pdata[i];
        if (account->fetch)
            look_at(doctor, account, account->fetch, FALSE);
        if (account->submit)
            look_at(doctor, account, account->submit, TRUE);
    }
}
