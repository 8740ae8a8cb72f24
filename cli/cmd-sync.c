/* postern sync: one pass in the foreground, the same engine as fetchd --once. */
#include <stdio.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "cli/command.h"
#include "cli/json.h"
#include "cli/meter.h"
#include "cli/output.h"
#include "cli/progress.h"
#include "core/error.h"
#include "core/interrupt.h"
#include "core/text.h"
#include "fetchd/engine.h"
#include "fetchd/keywatch.h"

/* As it is, or what is usual where it does not say. No bar runs between the lines of a trace. */
static Progress *begin_progress(const Context *context)
{
    struct winsize size = {0};
    gboolean live = !context->verbose && isatty(STDERR_FILENO) != 0;
    gboolean known =
        live && ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_row > 2 && size.ws_col > 1;
    return progress_new(live, known ? size.ws_row : 24, known ? size.ws_col : 80);
}

static void add_outcome(JsonBuilder *builder, const Outcome *outcome)
{
    json_builder_begin_object(builder);
    json_string(builder, "account", outcome->account);
    json_int(builder, "stored", outcome->stored);
    json_int(builder, "known", outcome->known);
    json_int(builder, "removed", outcome->removed);
    json_int(builder, "skipped", outcome->skipped);
    json_int(builder, "sensitive", outcome->sensitive);
    json_int(builder, "undelivered", (gint64)outcome->waiting);
    if (outcome->alert)
        json_string(builder, "alert", outcome->alert);
    if (outcome->failure)
        json_failure(builder, outcome->failure);
    json_builder_end_object(builder);
}

/* The failure that the exit code stands for, or NULL. */
static const GError *worst(const GPtrArray *outcomes)
{
    int code = outcomes_exit_code(outcomes);
    for (guint i = 0; code && i < outcomes->len; i++) {
        const Outcome *outcome = outcomes->pdata[i];
        if (postern_exit_code(outcome->failure) == code)
            return outcome->failure;
    }
    return NULL;
}

static void tell(const Context *context, const GPtrArray *outcomes)
{
    g_autoptr(JsonBuilder) builder = json_builder_new();
    json_builder_begin_object(builder);
    if (worst(outcomes))
        json_failure(builder, worst(outcomes));
    json_builder_set_member_name(builder, "accounts");
    json_builder_begin_array(builder);
    for (guint i = 0; i < outcomes->len; i++) {
        const Outcome *outcome = outcomes->pdata[i];
        g_autofree char *account = text_name(outcome->account);
        add_outcome(builder, outcome);
        if (outcome->failure) {
            g_autofree char *words = postern_error_words(outcome->failure);
            output_note("%s: %s", account, words);
        }
        if (outcome->alert)
            output_note("%s: the server says: \"%s\"", account, outcome->alert);
        if (outcome->astray > 0)
            output_note("%s: %" G_GUINT64_FORMAT " messages that were not handed on are gone from "
                        "the server: 'postern unlock', then 'postern sync'",
                        account, outcome->astray);
        if (context->json || context->quiet || (outcome->failure && outcome->stored == 0))
            continue;
        g_autofree char *stored = text_count(outcome->stored, "new message", "new messages");
        printf("%s: %s", account, stored);
        if (outcome->removed > 0)
            printf(", %u removed", outcome->removed);
        if (outcome->skipped > 0)
            printf(", %u left on the server for %s size", outcome->skipped,
                   outcome->skipped == 1 ? "its" : "their");
        if (outcome->sensitive > 0)
            printf(", %u sensitive", outcome->sensitive);
        if (outcome->waiting > 0)
            printf(", %" G_GUINT64_FORMAT " %s to be handed on", outcome->waiting,
                   outcome->waiting == 1 ? "waits" : "wait");
        puts("");
    }
    json_builder_end_array(builder);
    json_builder_end_object(builder);
    if (context->json)
        output_json(builder);
}

static int run(Context *context, int argc, char **argv, GError **error)
{
    gboolean accept_removals = FALSE, large = FALSE;
    const GOptionEntry entries[] = {
        {"accept-removals", 0, 0, G_OPTION_ARG_NONE, &accept_removals,
         "Remove what the server has no more, however much it is", NULL},
        {"large", 0, 0, G_OPTION_ARG_NONE, &large, "Fetch what max_size left on the server, too",
         NULL},
        G_OPTION_ENTRY_NULL,
    };
    if (!command_options(context, &command_sync, entries, 0, -1, &argc, &argv, error))
        return POSTERN_ERROR_USAGE;
    g_autoptr(GPtrArray) warnings = keywatch_warnings(context->config, FALSE);
    for (guint i = 0; i < warnings->len && !context->quiet; i++) {
        g_autofree char *words = postern_error_words(warnings->pdata[i]);
        output_note("%s", words);
    }
    g_autoptr(Progress) progress = begin_progress(context);
    const EngineRun pass = {
        .config = context->config,
        .store = context->store,
        .accept_removals = accept_removals,
        .large = large,
        .accounts = argc > 1 ? argv + 1 : NULL,
        .trace = context->trace,
        .stop_fd = interrupt_open(FALSE),
        .progress = context->quiet ? NULL : progress_tell,
        .user = progress,
    };
    g_autoptr(GPtrArray) outcomes = engine_sync(&pass, error);
    g_clear_pointer(&progress, progress_free);
    if (outcomes == NULL)
        return POSTERN_ERROR_POLICY;
    guint64 absorbed;
    Meter meter = meter_begin();
    gboolean whole =
        engine_absorb_unlocked(context->config, context->store,
                               context->quiet ? NULL : meter_absorbing, &meter, &absorbed, error);
    meter_end(&meter);
    if (whole || !context->json) /* else the failure is the one document */
        tell(context, outcomes);
    if (!whole)
        return POSTERN_ERROR_STORE;
    return outcomes_exit_code(outcomes);
}

const Command command_sync = {
    .name = "sync",
    .usage = "[--accept-removals] [--large] [ACCOUNT …]",
    .summary = "Fetches what is new, once, with progress",
    .needs = NEED_CONFIG,
    .run = run,
};
