/* postern sync: one pass in the foreground, the same engine as fetchd --once. */
#include <stdio.h>
#include <unistd.h>

#include "cli/command.h"
#include "cli/output.h"
#include "core/error.h"
#include "core/interrupt.h"
#include "core/text.h"
#include "fetchd/engine.h"

/* How often a live line is drawn, and a line written where no terminal is. */
#define DRAW_EVERY_US (G_USEC_PER_SEC / 10)
#define WRITE_EVERY_US (10 * G_USEC_PER_SEC)

typedef struct {
    gboolean live; /* on a terminal */
    char *account; /* the one that is being fetched, or NULL */
    gint64 begun;  /* with it, monotonic microseconds */
    gint64 told;   /* when something was last shown of it; a log begins with silence */
    gboolean open; /* a live line is on the screen */
} Progress;

static void begin_account(Progress *progress, const char *account, gint64 now)
{
    g_free(progress->account);
    progress->account = g_strdup(account);
    progress->begun = now;
    progress->told = progress->live ? 0 : now;
}

/* "", or ", 3 min left" once that can be guessed. */
static char *time_left(guint64 messages, guint64 total, double seconds)
{
    if (messages == 0 || messages >= total || seconds < 1)
        return g_strdup("");
    guint64 left = (guint64)(seconds / (double)messages * (double)(total - messages)) + 1;
    return left < 60 ? g_strdup_printf(", %" G_GUINT64_FORMAT " s left", left)
           : left < 3600
               ? g_strdup_printf(", %" G_GUINT64_FORMAT " min left", left / 60)
               : g_strdup_printf(", %" G_GUINT64_FORMAT " h %02" G_GUINT64_FORMAT " min left",
                                 left / 3600, left / 60 % 60);
}

static void show_progress(gpointer user, const char *account, guint64 messages, guint64 total,
                          guint64 bytes)
{
    Progress *progress = user;
    gint64 now = g_get_monotonic_time();
    if (g_strcmp0(account, progress->account) != 0)
        begin_account(progress, account, now);
    gboolean last = progress->live && messages >= total;
    if (now - progress->told < (progress->live ? DRAW_EVERY_US : WRITE_EVERY_US) && !last)
        return;
    progress->told = now;
    progress->open = progress->live;
    double seconds = MAX((double)(now - progress->begun) / G_USEC_PER_SEC, 0.001);
    g_autofree char *name = text_name(account);
    g_autofree char *size = g_format_size(bytes);
    g_autofree char *rate = g_format_size((guint64)((double)bytes / seconds));
    g_autofree char *left = time_left(messages, total, seconds);
    fprintf(stderr, "%s%s: %" G_GUINT64_FORMAT " of %" G_GUINT64_FORMAT " messages, %s, %s/s%s%s",
            progress->live ? "\r\033[K" : "", name, messages, total, size, rate, left,
            progress->live ? "" : "\n");
    fflush(stderr);
}

static void add_outcome(JsonBuilder *builder, const Outcome *outcome)
{
    json_builder_begin_object(builder);
    json_string(builder, "account", outcome->account);
    json_int(builder, "stored", outcome->stored);
    json_int(builder, "known", outcome->known);
    json_int(builder, "removed", outcome->removed);
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
        if (context->json || context->quiet || (outcome->failure && outcome->stored == 0))
            continue;
        g_autofree char *stored = text_count(outcome->stored, "new message", "new messages");
        printf("%s: %s", account, stored);
        if (outcome->removed > 0)
            printf(", %u removed", outcome->removed);
        puts("");
    }
    json_builder_end_array(builder);
    json_builder_end_object(builder);
    if (context->json)
        output_json(builder);
}

static int run(Context *context, int argc, char **argv, GError **error)
{
    gboolean accept_removals = FALSE;
    const GOptionEntry entries[] = {
        {"accept-removals", 0, 0, G_OPTION_ARG_NONE, &accept_removals,
         "Remove what the server has no more, however much it is", NULL},
        G_OPTION_ENTRY_NULL,
    };
    if (!command_options(context, &command_sync, entries, 0, -1, &argc, &argv, error))
        return POSTERN_ERROR_USAGE;
    Progress progress = {.live = isatty(STDERR_FILENO) != 0};
    const EngineRun pass = {
        .config = context->config,
        .store = context->store,
        .accept_removals = accept_removals,
        .accounts = argc > 1 ? argv + 1 : NULL,
        .trace = context->trace,
        .stop_fd = interrupt_open(FALSE),
        .progress = context->quiet ? NULL : show_progress,
        .user = &progress,
    };
    g_autoptr(GPtrArray) outcomes = engine_sync(&pass, error);
    g_free(progress.account);
    if (progress.open)
        fputs("\r\033[K", stderr);
    if (outcomes == NULL)
        return POSTERN_ERROR_POLICY;
    guint64 absorbed;
    gboolean whole = engine_absorb_unlocked(context->config, context->store, &absorbed, error);
    if (whole || !context->json) /* else the failure is the one document */
        tell(context, outcomes);
    if (!whole)
        return POSTERN_ERROR_STORE;
    return outcomes_exit_code(outcomes);
}

const Command command_sync = {
    .name = "sync",
    .usage = "[--accept-removals] [ACCOUNT …]",
    .summary = "Fetches what is new, once, with progress",
    .needs = NEED_CONFIG,
    .run = run,
};
