/* See doctor.h: does a letter lie in the outbox that its sender believes to be gone? */
#include "cli/doctor.h"
#include "core/error.h"
#include "core/text.h"
#include "store/vault-outbox.h"

#define LONG_S (24 * 3600) /* a server's trouble is over by then, or somebody must look */

static gboolean waits_long(const OutboxStat *outbox)
{
    return outbox->oldest > 0 && g_get_real_time() / G_USEC_PER_SEC - outbox->oldest > LONG_S;
}

static void add(GString *detail, guint letters, const char *what)
{
    g_autofree char *count = text_count(letters, "letter", "letters");
    if (letters > 0)
        g_string_append_printf(detail, "%s%s %s", detail->len ? "; " : "", count, what);
}

static void judge(Doctor *doctor, const OutboxStat *outbox)
{
    g_autoptr(GString) detail = g_string_new(NULL);
    gboolean good = !waits_long(outbox) && outbox->doubt + outbox->failed == 0;
    add(detail, outbox->doubt, "may have been sent");
    add(detail, outbox->failed, "could not be sent");
    add(detail, outbox->filing, "sent, and not in a folder of the server yet");
    add(detail, outbox->queued,
        waits_long(outbox) ? "waiting, the oldest for more than a day" : "waiting");
    doctor_row(doctor, RULE_OUTBOX_WAITING, good ? FINDING_PASS : FINDING_WARN, "outbox",
               detail->len ? detail->str : "nothing waits", NULL);
}

void doctor_outbox(Doctor *doctor)
{
    OutboxStat outbox;
    g_autoptr(GError) failure = NULL;
    if (doctor->context->vault == NULL)
        doctor_skip(doctor, RULE_OUTBOX_WAITING, "outbox", "the store cannot be opened",
                    "mend the store first");
    else if (vault_outbox_stat(doctor->context->vault, &outbox, &failure))
        judge(doctor, &outbox);
    else
        doctor_failure(doctor, RULE_OUTBOX_WAITING, "outbox", failure);
}
