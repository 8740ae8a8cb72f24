/* postern draft: letters that are being written. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/command.h"
#include "cli/composing.h"
#include "cli/json.h"
#include "cli/output.h"
#include "cli/writing.h"
#include "core/error.h"
#include "core/text.h"
#include "crypto/unlock.h"
#include "mime/draftform.h"

/* --- list ----------------------------------------------------------------------------------- */

/* Of a text that is not finished it may be none. */
static DraftForm *form_of(const DraftEntry *entry)
{
    gsize size = 0;
    const char *data = entry->text ? g_bytes_get_data(entry->text, &size) : NULL;
    return data ? draftform_parse(data, size, NULL) : NULL;
}

static const char *subject_of(const DraftForm *form)
{
    const DraftLine *line = form ? draftform_find(form, DRAFT_SUBJECT) : NULL;
    return line ? line->value : NULL;
}

static GPtrArray *recipients_of(const DraftForm *form)
{
    GPtrArray *all = g_ptr_array_new();
    for (guint i = 0; form && i < form->lines->len; i++) {
        const DraftLine *line = form->lines->pdata[i];
        if (line->field == DRAFT_TO || line->field == DRAFT_CC || line->field == DRAFT_BCC)
            g_ptr_array_add(all, line->value);
    }
    return all;
}

static gboolean list_json(gpointer user, const DraftEntry *entry, GError **error G_GNUC_UNUSED)
{
    JsonBuilder *builder = user;
    g_autoptr(DraftForm) form = form_of(entry);
    g_autoptr(GPtrArray) recipients = recipients_of(form);
    if (!entry->touched)
        return TRUE;
    json_builder_begin_object(builder);
    json_string(builder, "id", entry->id);
    json_time(builder, "since", entry->since);
    json_time(builder, "changed", entry->changed);
    json_int(builder, "bytes", (gint64)entry->bytes);
    json_bool(builder, "busy", entry->busy);
    json_bool(builder, "damaged", entry->damaged);
    json_string(builder, "subject", subject_of(form));
    json_strings(builder, "recipients", recipients);
    json_builder_end_object(builder);
    return TRUE;
}

static gboolean list_text(gpointer user, const DraftEntry *entry, GError **error G_GNUC_UNUSED)
{
    const gboolean *unlocked = user;
    g_autoptr(DraftForm) form = form_of(entry);
    g_autoptr(GPtrArray) recipients = recipients_of(form);
    g_autofree char *changed = output_short_date(entry->changed);
    g_autofree char *size = g_format_size(entry->bytes);
    if (!entry->touched)
        return TRUE;
    printf("%s  %s, %s%s%s\n", entry->id, changed, size, entry->busy ? ", in the editor" : "",
           entry->damaged ? ", damaged" : "");
    if (!*unlocked || entry->damaged)
        return TRUE;
    g_autofree char *subject = text_field(subject_of(form) ? subject_of(form) : "");
    printf("  %s\n", *subject ? subject : "(no subject)");
    for (guint i = 0; i < recipients->len; i++) {
        g_autofree char *shown = text_field(recipients->pdata[i]);
        printf("    %s\n", shown);
    }
    return TRUE;
}

static int list(Context *context, GError **error)
{
    context->vault_key = unlock_cached(vault_id(context->vault));
    gboolean unlocked = context->vault_key != NULL;
    guint count;
    if (!vault_draft_count(context->vault, &count, error))
        return 0;
    if (count > 0 && !unlocked && !context->quiet)
        output_note("the vault is locked: after 'postern unlock' their recipients and subjects are "
                    "shown");
    if (!context->json) {
        (void)!vault_draft_list(context->vault, context->vault_key, list_text, &unlocked, error);
        return 0;
    }
    g_autoptr(JsonBuilder) builder = json_builder_new();
    json_builder_begin_array(builder);
    gboolean fine = vault_draft_list(context->vault, context->vault_key, list_json, builder, error);
    json_builder_end_array(builder);
    if (fine)
        output_json(builder);
    return 0;
}

/* --- drop ----------------------------------------------------------------------------------- */

static void free_claim(gpointer claim)
{
    vault_draft_free(claim);
}

/* A claim on each of IDS, or on none. */
static GPtrArray *claim_all(const Context *context, char *const *ids, GError **error)
{
    g_autoptr(GPtrArray) claims = g_ptr_array_new_with_free_func(free_claim);
    for (; *ids; ids++) {
        GError *failure = NULL;
        VaultDraft *claim = vault_draft_claim(context->vault, *ids, &failure);
        if (claim) {
            g_ptr_array_add(claims, claim);
            continue;
        }
        if (failure)
            g_propagate_error(error, failure);
        else
            composing_no_draft(*ids, error);
        return NULL;
    }
    return g_steal_pointer(&claims);
}

static int drop(const Context *context, char *const *ids, GError **error)
{
    g_autoptr(GPtrArray) claims = claim_all(context, ids, error);
    g_autoptr(JsonBuilder) builder = json_builder_new();
    json_builder_begin_object(builder);
    json_builder_set_member_name(builder, "dropped");
    json_builder_begin_array(builder);
    for (guint i = 0; claims && i < claims->len; i++) {
        if (!vault_draft_drop(context->vault, claims->pdata[i], error))
            return POSTERN_ERROR_STORE;
        json_builder_add_string_value(builder, ids[i]);
        if (!context->json && !context->quiet)
            printf("dropped %s\n", ids[i]);
    }
    json_builder_end_array(builder);
    json_builder_end_object(builder);
    if (claims && context->json)
        output_json(builder);
    return 0;
}

/* -------------------------------------------------------------------------------------------- */

static int resume(Context *context, const Writing *writing, const char *id, gboolean edit,
                  GError **error)
{
    const Posting posting = writing_posting(writing);
    if (edit && !isatty(STDIN_FILENO)) {
        refuse(error, POSTERN_ERROR_USAGE, "usage", "run it on one, or 'postern draft send'",
               "a draft is edited on a terminal");
        return POSTERN_ERROR_USAGE;
    }
    return context_meet(context, NEED_KEY, error)
               ? composing_resume(context, id, &posting, edit, error)
               : POSTERN_ERROR_TEMPORARY;
}

static gboolean check_words(int argc, const char *verb, GError **error)
{
    gboolean listing = strcmp(verb, "list") == 0, dropping = strcmp(verb, "drop") == 0;
    int least = listing ? 0 : 3, most = listing ? 2 : dropping ? G_MAXINT : 3;
    return (argc >= least && argc <= most) ||
           refuse(error, POSTERN_ERROR_USAGE, "usage", "see postern draft --help",
                  listing    ? "'postern draft list' takes no ids"
                  : dropping ? "no draft to drop is named"
                             : "'postern draft %s' takes the id of one draft",
                  verb);
}

static int act(Context *context, Writing *writing, int argc, char **argv, GError **error)
{
    const char *verb = argc > 1 ? argv[1] : "list";
    static const char *const verbs[] = {"list", "edit", "send", "drop", NULL};
    if (!g_strv_contains(verbs, verb))
        return command_unknown_word(&command_draft, verb, error);
    if (!check_words(argc, verb, error) || !writing_check(writing, error) ||
        !composing_recover(context, error))
        return POSTERN_ERROR_USAGE;
    if (strcmp(verb, "list") == 0)
        return list(context, error);
    if (strcmp(verb, "drop") == 0)
        return drop(context, argv + 2, error);
    return resume(context, writing, argv[2], strcmp(verb, "edit") == 0, error);
}

static int run(Context *context, int argc, char **argv, GError **error)
{
    Writing writing = {0};
    const GOptionEntry entries[] = {
        {"sign", 0, 0, G_OPTION_ARG_NONE, &writing.sign, "Sign, or do not send", NULL},
        {"no-sign", 0, 0, G_OPTION_ARG_NONE, &writing.no_sign, "Do not sign", NULL},
        {"encrypt", 0, 0, G_OPTION_ARG_NONE, &writing.encrypt, "Encrypt, or do not send", NULL},
        {"no-encrypt", 0, 0, G_OPTION_ARG_NONE, &writing.no_encrypt,
         "Do not encrypt (where policy and the draft allow)", NULL},
        {"dsn", 0, 0, G_OPTION_ARG_STRING, &writing.dsn,
         "Notices of its delivery: never, or some of success,failure,delay", "WORDS"},
        {"dry-run", 0, 0, G_OPTION_ARG_NONE, &writing.dry_run, "Print what would leave", NULL},
        {"queue", 0, 0, G_OPTION_ARG_NONE, &writing.queue, "Put it into the outbox, send it later",
         NULL},
        G_OPTION_ENTRY_NULL,
    };
    int code = POSTERN_ERROR_USAGE;
    if (command_options(context, &command_draft, entries, 0, -1, &argc, &argv, error))
        code = act(context, &writing, argc, argv, error);
    writing_clear(&writing);
    return code;
}

const Command command_draft = {
    .name = "draft",
    .usage = "[list|edit ID|send ID|drop ID…]",
    .summary = "Letters that are being written",
    .needs = NEED_CONFIG | NEED_VAULT,
    .run = run,
};
