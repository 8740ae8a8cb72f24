/* postern doctor: every rule of the company's mail policy, held against what is here. */
#include "cli/command.h"
#include "cli/doctor.h"
#include "core/error.h"

/* Each look may rest on what those before it found. */
static void examine(Doctor *doctor)
{
    doctor_servers(doctor);
    doctor_login_names(doctor);
    doctor_keys(doctor);
    doctor_store(doctor);
    doctor_passwords(doctor);
    doctor_outbox(doctor);
    doctor_freemail(doctor);
    if (doctor->offline) {
        doctor_skip_rest(doctor, "the network was left alone (--offline)", "run without --offline");
        return;
    }
    doctor_published(doctor);
    doctor_ports(doctor);
    doctor_tls(doctor);
    doctor_logins(doctor);
    doctor_skip_rest(doctor, "there is no server to look at",
                     "name one with fetch = or submit = in an account");
}

static int run(Context *context, int argc, char **argv, GError **error)
{
    gboolean offline = FALSE;
    const GOptionEntry entries[] = {
        {"offline", 0, 0, G_OPTION_ARG_NONE, &offline, "Leave the network alone", NULL},
        G_OPTION_ENTRY_NULL,
    };
    if (!command_options(context, &command_doctor, entries, 0, 0, &argc, &argv, error))
        return POSTERN_ERROR_USAGE;
    Doctor doctor;
    g_autoptr(GError) failure = NULL;
    int code = POSTERN_ERROR_POLICY;
    doctor_init(&doctor, context, offline);
    if (doctor_config(&doctor, &failure))
        examine(&doctor);
    else
        doctor_skip_rest(&doctor, "there is no configuration to go by", "see config.readable");
    if (failure)
        g_propagate_error(error, g_steal_pointer(&failure));
    else
        code = doctor_tell(&doctor);
    doctor_clear(&doctor);
    return code;
}

const Command command_doctor = {
    .name = "doctor",
    .usage = "[--offline]",
    .summary = "Checks every rule of the company's mail policy",
    .needs = NEED_NOTHING,
    .run = run,
};
