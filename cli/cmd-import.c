/* postern import: mail that lies in files. */
#include <stdio.h>

#include "cli/command.h"
#include "cli/json.h"
#include "cli/meter.h"
#include "cli/output.h"
#include "core/error.h"
#include "core/interrupt.h"
#include "core/limits.h"
#include "core/text.h"
#include "fetchd/engine.h"
#include "fetchd/import.h"

/* How many there will be is known to nobody. */
static void tell_progress(gpointer user, guint64 messages, guint64 bytes)
{
    Meter *meter = user;
    if (!meter_is_due(meter))
        return;
    g_autofree char *count = text_count(messages, "message", "messages");
    g_autofree char *size = g_format_size(bytes);
    guint64 ms = (guint64)MAX(g_get_monotonic_time() - meter->begun, 1000) / 1000;
    g_autofree char *rate = g_format_size(bytes * 1000 / ms);
    meter_tell(meter, "importing: %s, %s, %s/s", count, size, rate);
}

/* The one that is named, or the only one. */
static const Account *account_of(const Context *context, const char *name, GError **error)
{
    const GPtrArray *accounts = context->config->accounts;
    if (name)
        return config_account(context->config, name, error);
    if (accounts->len == 1)
        return accounts->pdata[0];
    refuse(error, POSTERN_ERROR_USAGE, "usage", "say --account NAME",
           "it is not said which account's mail this is");
    return NULL;
}

static gboolean check_folder(const char *folder, GError **error)
{
    return folder == NULL ||
           (*folder && strlen(folder) <= LIMIT_MAILBOX_NAME && g_utf8_validate(folder, -1, NULL)) ||
           refuse(error, POSTERN_ERROR_USAGE, "usage", "name it as 'postern search' shows folders",
                  "--folder needs the name of a folder");
}

static void tell(const Context *context, const Account *account, const ImportCount *count)
{
    for (guint i = 0; i < count->faults->len; i++) {
        g_autofree char *words = postern_error_words(count->faults->pdata[i]);
        output_note("%s", words);
    }
    if (count->unusable > count->faults->len)
        output_note("and %" G_GUINT64_FORMAT " more", count->unusable - count->faults->len);
    if (context->json || context->quiet)
        return;
    g_autofree char *name = text_name(account->name);
    g_autofree char *stored = text_count(count->stored, "message", "messages");
    printf("%s: %s imported", name, stored);
    if (count->known > 0)
        printf(", %" G_GUINT64_FORMAT " here already", count->known);
    if (count->sensitive > 0)
        printf(", %" G_GUINT64_FORMAT " sensitive", count->sensitive);
    if (count->unusable > 0)
        printf(", %" G_GUINT64_FORMAT " left out", count->unusable);
    puts("");
}

static void tell_json(const Account *account, const ImportCount *count, const GError *failure)
{
    g_autoptr(JsonBuilder) builder = json_builder_new();
    json_builder_begin_object(builder);
    if (failure)
        json_failure(builder, failure);
    json_string(builder, "account", account->name);
    json_int(builder, "imported", (gint64)count->stored);
    json_int(builder, "known", (gint64)count->known);
    json_int(builder, "sensitive", (gint64)count->sensitive);
    json_int(builder, "left_out", (gint64)count->unusable);
    json_builder_end_object(builder);
    output_json(builder);
}

/* The failure whose exit code is the worst of all. */
static const GError *worst_of(const ImportCount *count, const GError *failure)
{
    int code = postern_worse(count->worst, postern_exit_code(failure));
    if (failure && failure->code == code)
        return failure;
    for (guint i = 0; code && i < count->faults->len; i++)
        if (((const GError *)count->faults->pdata[i])->code == code)
            return count->faults->pdata[i];
    return failure;
}

static int report(const Context *context, const Account *account, const ImportCount *count,
                  GError *failure, GError **error)
{
    int code = postern_worse(count->worst, postern_exit_code(failure));
    if (context->json && (failure == NULL || count->stored + count->known > 0))
        tell_json(account, count, worst_of(count, failure));
    tell(context, account, count);
    if (failure && context->json && count->stored + count->known > 0) {
        g_autofree char *words = postern_error_words(failure);
        output_note("%s", words);
        g_error_free(failure);
    } else if (failure) {
        g_propagate_error(error, failure);
    }
    return code;
}

static int import(Context *context, const ImportRun *wanted, char *const *paths, GError **error)
{
    Meter meter = meter_begin();
    ImportRun run = *wanted;
    run.config = context->config;
    run.store = context->store;
    run.stop_fd = interrupt_open(FALSE);
    run.progress = context->quiet ? NULL : tell_progress;
    run.user = &meter;
    guint64 absorbed;
    g_auto(ImportCount) count = {0};
    GError *failure = NULL;
    gboolean fine = import_paths(&run, paths, &count, &failure);
    meter_end(&meter);
    fine = fine && engine_absorb_unlocked(context->config, context->store,
                                          context->quiet ? NULL : meter_absorbing, &meter,
                                          &absorbed, &failure);
    (void)fine;
    meter_end(&meter);
    return report(context, run.account, &count, failure, error);
}

static int run(Context *context, int argc, char **argv, GError **error)
{
    g_autofree char *account = NULL, *folder = NULL, *kind = NULL;
    ImportRun wanted = {0};
    const GOptionEntry entries[] = {
        {"account", 0, 0, G_OPTION_ARG_STRING, &account,
         "Whose mail it is; else the only account's", "NAME"},
        {"folder", 0, 0, G_OPTION_ARG_STRING, &folder,
         "Where it lies; else as the Maildirs are called, or INBOX", "FOLDER"},
        {"mbox-kind", 0, 0, G_OPTION_ARG_STRING, &kind,
         "auto, mboxo, mboxrd, mboxcl or mboxcl2; else auto", "KIND"},
        G_OPTION_ENTRY_NULL,
    };
    if (!command_options(context, &command_import, entries, 1, -1, &argc, &argv, error))
        return POSTERN_ERROR_USAGE;
    if (kind && !mbox_kind_named(kind, &wanted.kind)) {
        unknown_value("--mbox-kind", kind, "say auto, mboxo, mboxrd, mboxcl or mboxcl2", error);
        return POSTERN_ERROR_USAGE;
    }
    if (!check_folder(folder, error) || !context_meet(context, NEED_CONFIG, error))
        return POSTERN_ERROR_USAGE;
    wanted.account = account_of(context, account, error);
    wanted.folder = folder;
    return wanted.account ? import(context, &wanted, argv + 1, error) : POSTERN_ERROR_USAGE;
}

const Command command_import = {
    .name = "import",
    .usage = "[--account NAME] [--folder FOLDER] [--mbox-kind KIND] PATH …|-",
    .summary = "Brings in mail from Maildirs, mboxes and files",
    .needs = NEED_NOTHING,
    .run = run,
};
