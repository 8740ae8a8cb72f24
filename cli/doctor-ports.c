/* See doctor.h: where a server's name leads, and what is open there. */
#include <string.h>

#include "cli/doctor.h"
#include "core/error.h"
#include "net/probe.h"

static void tell_ports(Doctor *doctor, const char *host, const PortState *states)
{
    static const char *const found[] = {
        [PORT_CLOSED] = "closed",
        [PORT_SILENT] = "nobody answers",
        [PORT_OPEN] = "open: mail and passwords may travel in clear",
    };
    for (guint i = 0; i < PROBE_PORTS; i++) {
        g_autofree char *subject = g_strdup_printf("%s:%u", host, probe_ports[i]);
        g_autofree char *mend = g_strdup_printf("close port %u on the server", probe_ports[i]);
        doctor_row(doctor, RULE_PORTS_CLOSED, states[i] == PORT_OPEN ? FINDING_FAIL : FINDING_PASS,
                   subject, found[states[i]], mend);
    }
}

/* Each of the two is told apart from a name that cannot be resolved, which breaks neither. */
static void tell_addresses(Doctor *doctor, const char *host, const GError *failure)
{
    const Company *company = &doctor->context->config->company;
    RuleId broken = failure ? rule_of_failure(postern_error_rule(failure), RULES) : RULES;
    const char *why = failure ? failure->message : NULL;
    const char *mend = failure ? postern_error_mend(failure) : NULL;

    /* The name is fine (doctor-server.c), but is another one for a provider's. */
    if (broken == RULE_SERVER_FREEMAIL)
        doctor_failure(doctor, RULE_SERVER_FREEMAIL, host, failure);
    if (broken == RULE_SERVER_NETWORK)
        doctor_failure(doctor, RULE_SERVER_NETWORK, host, failure);
    else if (failure && broken != RULE_NETWORK_OFFICE)
        doctor_skip(doctor, RULE_SERVER_NETWORK, host, why, mend);
    else
        doctor_row(doctor, RULE_SERVER_NETWORK, FINDING_PASS, host,
                   *company->networks ? NULL : "public addresses; no networks are configured",
                   NULL);

    if (broken == RULE_NETWORK_OFFICE)
        doctor_failure(doctor, RULE_NETWORK_OFFICE, host, failure);
    else if (failure)
        doctor_skip(doctor, RULE_NETWORK_OFFICE, host, why, mend);
    else
        doctor_row(doctor, RULE_NETWORK_OFFICE, FINDING_PASS, host,
                   *company->offices ? NULL : "anywhere will do: no offices are configured", NULL);
}

static void look_at(Doctor *doctor, const VettedEndpoint *endpoint)
{
    const char *host = endpoint_host(endpoint);
    PortState states[PROBE_PORTS];
    g_autoptr(GError) failure = NULL;
    gboolean known =
        probe_plain_ports(endpoint, &doctor->context->config->company, states, &failure);
    tell_addresses(doctor, host, failure);
    if (known)
        tell_ports(doctor, host, states);
    else
        doctor_skip(doctor, RULE_PORTS_CLOSED, host, failure->message, postern_error_mend(failure));
}

static gboolean seen_before(const Doctor *doctor, guint which)
{
    const DoctorServer *server = doctor->servers->pdata[which];
    for (guint i = 0; i < which; i++) {
        const DoctorServer *other = doctor->servers->pdata[i];
        if (other->endpoint && other->account->tunnel == NULL &&
            strcmp(endpoint_host(other->endpoint), endpoint_host(server->endpoint)) == 0)
            return TRUE;
    }
    return FALSE;
}

/* Only the tunnel's other end sees the server's ports, and who asks. */
static void skip(Doctor *doctor, const DoctorServer *server)
{
    static const RuleId rules[] = {RULE_SERVER_NETWORK, RULE_NETWORK_OFFICE, RULE_PORTS_CLOSED};
    for (guint i = 0; i < G_N_ELEMENTS(rules); i++)
        doctor_skip(doctor, rules[i], server->subject, "a tunnel leads to the server",
                    "run the doctor where there is no need for one");
}

void doctor_ports(Doctor *doctor)
{
    for (guint i = 0; i < doctor->servers->len; i++) {
        const DoctorServer *server = doctor->servers->pdata[i];
        if (server->endpoint && server->account->tunnel)
            skip(doctor, server);
        else if (server->endpoint && !seen_before(doctor, i))
            look_at(doctor, server->endpoint);
    }
}
