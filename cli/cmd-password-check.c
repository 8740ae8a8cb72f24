/* See password.h. Passwords are compared in memory; nothing that could be compared is kept. */
#include "cli/doctor.h"
#include "cli/password.h"

static void begin(Doctor *doctor, Context *context, const GPtrArray *only)
{
    doctor_init(doctor, context, TRUE);
    doctor->only = only;
    doctor_servers(doctor);
    g_ptr_array_set_size(doctor->findings, 0); /* whether they may be talked to is not asked */
}

int password_check(Context *context, char *const *named, int n, GError **error)
{
    g_autoptr(GPtrArray) only = g_ptr_array_new();
    for (int i = 0; i < n; i++) {
        const Account *account = config_account(context->config, named[i], error);
        if (account == NULL)
            return 0;
        g_ptr_array_add(only, (gpointer)account);
    }
    Doctor doctor;
    begin(&doctor, context, only->len > 0 ? only : NULL);
    doctor.asks = TRUE;
    doctor_login_names(&doctor);
    doctor_passwords(&doctor);
    int code = doctor_tell(&doctor);
    doctor_clear(&doctor);
    return code;
}

GPtrArray *password_faults(Context *context, const Account *account, const Secret *typed)
{
    g_autoptr(GPtrArray) only = g_ptr_array_new();
    g_ptr_array_add(only, (gpointer)account);
    GPtrArray *faults = g_ptr_array_new_with_free_func(g_free);
    Doctor doctor;
    begin(&doctor, context, only);
    doctor.typed = typed;
    doctor_passwords(&doctor);
    for (guint i = 0; i < doctor.findings->len; i++) {
        const Finding *finding = doctor.findings->pdata[i];
        if (finding->status == FINDING_FAIL)
            g_ptr_array_add(faults, g_strconcat(finding->detail, "; ", finding->mend, NULL));
    }
    doctor_clear(&doctor);
    return faults;
}
