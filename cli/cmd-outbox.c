/* postern outbox: what waits to be sent. */
#include <stdio.h>
#include <string.h>

#include "cli/command.h"
#include "cli/json.h"
#include "cli/outbox-list.h"
#include "cli/output.h"
#include "core/error.h"
#include "core/interrupt.h"
#include "core/text.h"
#include "fetchd/flush.h"
#include "fetchd/outboxkey.h"
#include "store/vault-outbox-key.h"

/* --- ids ----------------------------------------------------------------------------------- */

/* One that was named. */
typedef struct {
    gint64 row; /* 0: not there */
    OutboxState state;
} Named;

typedef struct {
    char *const *ids;
    GArray *rows; /* Named, of each */
} Finding;

static gboolean find_row(gpointer user, const OutboxEntry *entry, GError **error G_GNUC_UNUSED)
{
    const Finding *finding = user;
    for (guint i = 0; finding->ids[i]; i++)
        if (strcmp(finding->ids[i], entry->id) == 0)
            g_array_index(finding->rows, Named, i) = (Named){entry->row, entry->state};
    return TRUE;
}

static gboolean unknown_id(const char *id, GError **error)
{
    g_autofree char *shown = word_shown(id);
    return refuse(error, POSTERN_ERROR_INPUT, "outbox.id", "'postern outbox' lists them",
                  "there is no letter %s in the outbox", shown);
}

/* All of IDS are there, or none is touched. */
static GArray *find_rows(const Context *context, char *const *ids, GError **error)
{
    guint n = g_strv_length((char **)ids);
    g_autoptr(GArray) rows = g_array_sized_new(FALSE, TRUE, sizeof(Named), n);
    g_array_set_size(rows, n);
    Finding finding = {ids, rows};
    if (!vault_outbox_list(context->vault, NULL, find_row, &finding, error))
        return NULL;
    for (guint i = 0; i < n; i++)
        if (g_array_index(rows, Named, i).row == 0) {
            (void)unknown_id(ids[i], error);
            return NULL;
        }
    return g_steal_pointer(&rows);
}

/* Refused: somebody has a claim on it. */
static gboolean being_sent(const char *id, GError **error)
{
    return refuse(error, POSTERN_ERROR_TEMPORARY, "outbox.sending", "try again in a moment",
                  "letter %s is being sent", id);
}

/* --- drop, and sent ------------------------------------------------------------------------ */

typedef gboolean (*TakeOut)(const Context *context, const char *id, gint64 row, GError **error);

/* Each of IDS, whose rows are ROWS, by TAKE_OUT; WORD tells it. */
static int take_all_out(const Context *context, char *const *ids, const GArray *rows,
                        TakeOut take_out, const char *word, GError **error)
{
    g_autoptr(JsonBuilder) builder = json_builder_new();
    json_builder_begin_object(builder);
    json_builder_set_member_name(builder, word);
    json_builder_begin_array(builder);
    for (guint i = 0; i < rows->len; i++) {
        if (!take_out(context, ids[i], g_array_index(rows, Named, i).row, error))
            return POSTERN_ERROR_STORE;
        json_builder_add_string_value(builder, ids[i]);
        if (!context->json && !context->quiet)
            printf("%s %s\n", word, ids[i]);
    }
    json_builder_end_array(builder);
    json_builder_end_object(builder);
    if (context->json)
        output_json(builder);
    return 0;
}

static gboolean drop_one(const Context *context, const char *id, gint64 row, GError **error)
{
    gboolean dropped;
    return vault_outbox_drop(context->vault, row, &dropped, error) &&
           (dropped || being_sent(id, error));
}

static int drop(Context *context, char *const *ids, GError **error)
{
    g_autoptr(GArray) rows = find_rows(context, ids, error);
    return rows ? take_all_out(context, ids, rows, drop_one, "dropped", error)
                : POSTERN_ERROR_INPUT;
}

/* A letter that no server can have would be lost. */
static gboolean may_have_arrived(const char *id, OutboxState state, GError **error)
{
    if (state == OUTBOX_DOUBT)
        return TRUE;
    if (state == OUTBOX_SENDING)
        return being_sent(id, error);
    if (state == OUTBOX_FILING)
        return refuse(error, POSTERN_ERROR_INPUT, "outbox.state",
                      "'postern outbox flush' puts it there",
                      "letter %s is sent already, and its copy waits for the server", id);
    g_autofree char *mend =
        g_strdup_printf("was it sent by other means? then 'postern outbox drop %s'", id);
    return refuse(error, POSTERN_ERROR_INPUT, "outbox.state", mend, "letter %s %s", id,
                  state == OUTBOX_FAILED ? "has failed, and is not in doubt"
                                         : "waits to be sent, and is not in doubt");
}

static gboolean settle_one(const Context *context, const char *id, gint64 row, GError **error)
{
    g_autoptr(GError) failure = NULL;
    g_autoptr(OutboxClaim) claim =
        vault_outbox_claim(context->vault, context->vault_key, row, TRUE, &failure);
    if (failure) {
        g_propagate_error(error, g_steal_pointer(&failure));
        return FALSE;
    }
    if (claim == NULL)
        return being_sent(id, error);
    if (!may_have_arrived(id, outbox_claim_state(claim), error))
        return FALSE;
    const Account *account =
        config_account(context->config, outbox_claim_letter(claim)->account, error);
    if (account == NULL)
        return FALSE;
    g_autoptr(Sending) sending =
        sending_new(context->config, account, context->store, context->trace, -1);
    return dispatch_arrived(context->vault, claim, sending, error);
}

/* What is wrong with one of them is told before any is touched. */
static int sent(Context *context, char *const *ids, GError **error)
{
    g_autoptr(GArray) rows = find_rows(context, ids, error);
    for (guint i = 0; rows && i < rows->len; i++)
        if (!may_have_arrived(ids[i], g_array_index(rows, Named, i).state, error))
            return POSTERN_ERROR_INPUT;
    return rows && context_meet(context, NEED_KEY, error)
               ? take_all_out(context, ids, rows, settle_one, "sent", error)
               : POSTERN_ERROR_INPUT;
}

/* --- flush --------------------------------------------------------------------------------- */

typedef struct {
    const Context *context;
    JsonBuilder *builder;
} Telling;

static const char *fate_word(const Dispatch *result, guint i)
{
    switch (result->states[i]) {
    case OUTBOX_DOUBT: return "maybe-sent";
    case OUTBOX_QUEUED: return "queued";
    case OUTBOX_FAILED: return "failed";
    default: return result->why->pdata[i] ? "failed" : "sent";
    }
}

static void tell_copy(const Telling *telling, const FlushNews *news)
{
    const GError *why = news->result->failure;
    g_autofree char *words = why ? postern_error_words(why) : NULL;
    if (telling->context->json) {
        json_builder_begin_object(telling->builder);
        json_string(telling->builder, "id", outbox_claim_id(news->claim));
        json_string(telling->builder, "address", NULL);
        json_string(telling->builder, "state", why ? "filing" : "filed");
        json_string(telling->builder, "answer", why ? why->message : NULL);
        json_builder_end_object(telling->builder);
    } else if (!telling->context->quiet || why) {
        printf("%s  its copy is %s%s%s\n", outbox_claim_id(news->claim),
               why ? "not on the server yet" : "on the server", why ? ": " : "", why ? words : "");
    }
}

static void tell(gpointer user, const FlushNews *news)
{
    const Telling *telling = user;
    const Dispatch *result = news->result;
    if (news->files) {
        tell_copy(telling, news);
        return;
    }
    for (guint i = 0; i < result->recipients->len; i++) {
        const GError *why = result->why->pdata[i];
        const char *id = outbox_claim_row(news->claim, result->states[i]);
        if (telling->context->json) {
            json_builder_begin_object(telling->builder);
            json_string(telling->builder, "id", id);
            json_string(telling->builder, "address", result->recipients->pdata[i]);
            json_string(telling->builder, "state", fate_word(result, i));
            json_string(telling->builder, "answer", why ? why->message : NULL);
            json_builder_end_object(telling->builder);
            continue;
        }
        g_autofree char *shown = text_address(result->recipients->pdata[i]);
        g_autofree char *words = why ? postern_error_words(why) : NULL;
        if (!telling->context->quiet || why)
            printf("%s  %s to %s%s%s\n", id, fate_word(result, i), shown, why ? ": " : "",
                   why ? words : "");
    }
}

static int flush(Context *context, char *const *ids, gboolean again, GError **error)
{
    g_autoptr(JsonBuilder) builder = json_builder_new();
    Telling telling = {context, builder};
    g_autoptr(GArray) rows = *ids ? find_rows(context, ids, error) : NULL;
    if ((*ids && rows == NULL) || !context_meet(context, NEED_KEY, error))
        return POSTERN_ERROR_INPUT;
    const Flush all = {
        .config = context->config,
        .store = context->store,
        .vault = context->vault,
        .vault_private = context->vault_key,
        .trace = context->trace,
        .stop_fd = interrupt_open(FALSE),
        .ids = *ids ? ids : NULL,
        .again = again,
        .tell = tell,
        .user = &telling,
    };
    int code;
    json_builder_begin_array(builder);
    gboolean fine = flush_run(&all, &code, error);
    json_builder_end_array(builder);
    if (fine && context->json)
        output_json(builder);
    return code;
}

/* --- key ----------------------------------------------------------------------------------- */

static int print_key(Context *context, gboolean anew, GError **error)
{
    gboolean there;
    if (!vault_outbox_key_there(context->vault, &there, error) ||
        (there && !anew && !context_meet(context, NEED_KEY, error)))
        return POSTERN_ERROR_STORE;
    g_autoptr(Secret) key = there && !anew
                                ? vault_outbox_key_open(context->vault, context->vault_key, error)
                                : vault_outbox_key_make(context->vault, error);
    if (key == NULL)
        return POSTERN_ERROR_STORE;
    g_autofree char *text = outboxkey_text(key);
    if (context->json) {
        g_autoptr(JsonBuilder) builder = json_builder_new();
        json_builder_begin_object(builder);
        json_string(builder, "key", text);
        json_builder_end_object(builder);
        output_json(builder);
    } else {
        if (!context->quiet)
            output_note("whoever has it opens the letters that wait of accounts with outbox_key, "
                        "and nothing else: give it to the host as a credential, for example by "
                        "systemd-creds encrypt");
        puts(text);
    }
    secret_wipe(text, strlen(text));
    return 0;
}

/* ------------------------------------------------------------------------------------------- */

typedef enum { VERB_LIST, VERB_FLUSH, VERB_SENT, VERB_DROP, VERB_KEY, N_VERBS } Verb;

static const char *const verbs[N_VERBS] = {"list", "flush", "sent", "drop", "key"};

static gboolean find_verb(const char *word, Verb *verb)
{
    for (*verb = VERB_LIST; *verb < N_VERBS; (*verb)++)
        if (strcmp(word, verbs[*verb]) == 0)
            return TRUE;
    return FALSE;
}

/* NAMED: there are ids. */
static gboolean fits(Verb verb, gboolean named, gboolean again, gboolean anew, GError **error)
{
    gboolean wants = verb == VERB_SENT || verb == VERB_DROP, may = wants || verb == VERB_FLUSH;
    const char *const mend = "see postern outbox --help";
    if (anew && verb != VERB_KEY)
        return refuse(error, POSTERN_ERROR_USAGE, "usage", mend, "--new is for 'key'");
    if (again && (verb != VERB_FLUSH || !named))
        return refuse(error, POSTERN_ERROR_USAGE, "usage", mend,
                      "--again is for 'flush' and the ids of letters");
    if (wants && !named)
        return refuse(error, POSTERN_ERROR_USAGE, "usage", mend,
                      "'postern outbox %s' wants the ids of letters", verbs[verb]);
    return may || !named ||
           refuse(error, POSTERN_ERROR_USAGE, "usage", mend, "'postern outbox %s' takes no ids",
                  verbs[verb]);
}

static int run(Context *context, int argc, char **argv, GError **error)
{
    gboolean again = FALSE, anew = FALSE;
    const GOptionEntry entries[] = {
        {"again", 0, 0, G_OPTION_ARG_NONE, &again,
         "flush: these, though they failed or may have been sent already", NULL},
        {"new", 0, 0, G_OPTION_ARG_NONE, &anew, "key: another one, in place of what there is",
         NULL},
        G_OPTION_ENTRY_NULL,
    };
    if (!command_options(context, &command_outbox, entries, 0, -1, &argc, &argv, error))
        return POSTERN_ERROR_USAGE;
    char *const *ids = argc > 1 ? argv + 2 : argv + 1;
    Verb verb = VERB_LIST;
    if (argc > 1 && !find_verb(argv[1], &verb))
        return command_unknown_word(&command_outbox, argv[1], error);
    if (!fits(verb, *ids != NULL, again, anew, error))
        return POSTERN_ERROR_USAGE;
    switch (verb) {
    case VERB_FLUSH: return flush(context, ids, again, error);
    case VERB_SENT: return sent(context, ids, error);
    case VERB_DROP: return drop(context, ids, error);
    case VERB_KEY: return print_key(context, anew, error);
    default: return outbox_list(context, error) ? 0 : POSTERN_ERROR_STORE;
    }
}

const Command command_outbox = {
    .name = "outbox",
    .usage = "[list|flush [--again] [ID…]|sent ID…|drop ID…|key [--new]]",
    .summary = "What waits to be sent",
    .needs = NEED_CONFIG | NEED_VAULT,
    .run = run,
};
