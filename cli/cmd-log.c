/* postern log: the last runs over each account. Needs no private key. */
#include <stdio.h>
#include <string.h>

#include "cli/command.h"
#include "cli/json.h"
#include "cli/output.h"
#include "core/error.h"
#include "core/text.h"
#include "store/vault-runs.h"

#define DEFAULT_LIMIT 20

typedef struct {
    const Context *context;
    JsonBuilder *builder; /* with --json */
    guint shown;
} Telling;

static gboolean tell_json(gpointer user, const char *account, const RunRecord *record,
                          GError **error G_GNUC_UNUSED)
{
    JsonBuilder *builder = ((Telling *)user)->builder;
    json_builder_begin_object(builder);
    json_string(builder, "account", account);
    json_time(builder, "began", record->began);
    json_time(builder, "ended", record->ended);
    json_int(builder, "runs", (gint64)record->times);
    json_int(builder, "code", record->code);
    json_string(builder, "rule", *record->rule ? record->rule : NULL);
    json_int(builder, "stored", (gint64)record->stored);
    json_int(builder, "known", (gint64)record->known);
    json_int(builder, "sensitive", (gint64)record->sensitive);
    json_int(builder, "skipped", (gint64)record->skipped);
    json_int(builder, "removed", (gint64)record->removed);
    json_builder_end_object(builder);
    return TRUE;
}

static char *minute(gint64 seconds, const char *format)
{
    g_autoptr(GDateTime) time = g_date_time_new_from_unix_local(seconds);
    return time ? g_date_time_format(time, format) : g_strdup("?");
}

/* "2026-11-26 18:00", or of several runs until when; the day again where it is another. */
static char *when(const RunRecord *record)
{
    g_autofree char *began = minute(record->began, "%Y-%m-%d %H:%M");
    g_autofree char *ended = minute(record->ended, "%Y-%m-%d %H:%M");
    gsize day = strlen("2026-11-26 ");
    if (record->times == 1 || strcmp(began, ended) == 0)
        return g_steal_pointer(&began);
    return g_strconcat(began, " to ", strncmp(began, ended, day) == 0 ? ended + day : ended, NULL);
}

static void add(GString *words, guint64 count, const char *what)
{
    if (count > 0)
        g_string_append_printf(words, "%s%" G_GUINT64_FORMAT " %s", words->len ? ", " : "", count,
                               what);
}

static char *what(const RunRecord *record)
{
    g_autoptr(GString) words = g_string_new(NULL);
    add(words, record->stored, "new");
    add(words, record->known, "here already");
    add(words, record->sensitive, "sensitive");
    add(words, record->skipped, "left on the server");
    add(words, record->removed, "removed");
    if (record->code != 0)
        g_string_append_printf(words, "%sfailed: %s (%d)", words->len ? ", " : "", record->rule,
                               record->code);
    else if (words->len == 0)
        g_string_append(words, "nothing new");
    if (record->times > 1)
        g_string_append_printf(words, ", %" G_GUINT64_FORMAT " times", record->times);
    return g_string_free(g_steal_pointer(&words), FALSE);
}

static gboolean tell_line(gpointer user, const char *account, const RunRecord *record,
                          GError **error G_GNUC_UNUSED)
{
    g_autofree char *time = when(record), *words = what(record);
    g_autofree char *name = account ? text_field(account) : g_strdup("(another account)");
    printf("%-25s  %s: %s\n", time, name, words);
    ((Telling *)user)->shown++;
    return TRUE;
}

static char **account_names(const Config *config)
{
    g_autoptr(GStrvBuilder) names = g_strv_builder_new();
    for (guint i = 0; i < config->accounts->len; i++)
        g_strv_builder_add(names, ((Account *)config->accounts->pdata[i])->name);
    return g_strv_builder_end(names);
}

static gboolean tell(const Context *context, const char *account, guint limit, GError **error)
{
    g_auto(GStrv) names = account_names(context->config);
    g_autoptr(JsonBuilder) builder = context->json ? json_builder_new() : NULL;
    Telling telling = {.context = context, .builder = builder};
    if (builder)
        json_builder_begin_array(builder);
    if (!vault_runs(context->vault, context->match_key, names, account, limit,
                    builder ? tell_json : tell_line, &telling, error))
        return FALSE;
    if (builder) {
        json_builder_end_array(builder);
        output_json(builder);
    } else if (telling.shown == 0 && !context->quiet) {
        output_note("nothing was fetched yet");
    }
    return TRUE;
}

static int run(Context *context, int argc, char **argv, GError **error)
{
    int limit = DEFAULT_LIMIT;
    const GOptionEntry options[] = {
        {"limit", 0, 0, G_OPTION_ARG_INT, &limit, "At most N entries (default 20; 0: all)", "N"},
        G_OPTION_ENTRY_NULL,
    };
    if (!command_options(context, &command_log, options, 0, 1, &argc, &argv, error))
        return POSTERN_ERROR_USAGE;
    if (limit < 0) {
        refuse(error, POSTERN_ERROR_USAGE, "usage", "see 'postern log --help'",
               "--limit takes a number from 0 on");
        return 0;
    }
    const char *account = argc > 1 ? argv[1] : NULL;
    if (account && config_account(context->config, account, error) == NULL)
        return 0;
    (void)tell(context, account, limit ? (guint)limit : VAULT_RUNS_KEPT, error);
    return 0;
}

const Command command_log = {
    .name = "log",
    .usage = "[--limit N] [ACCOUNT]",
    .summary = "What became of the last runs over each account",
    .needs = NEED_CONFIG | NEED_VAULT | NEED_MATCH,
    .run = run,
};
