/* postern status: accounts, counts, what waits. Needs no private key. */
#include <stdio.h>

#include "cli/command.h"
#include "cli/json.h"
#include "cli/output.h"
#include "core/error.h"
#include "core/limits.h"
#include "core/text.h"
#include "crypto/unlock.h"
#include "fetchd/keywatch.h"
#include "store/vault-draft.h"
#include "store/vault-pending.h"
#include "store/vault-skipped.h"

#define LEFT_SHOWN 10

/* A message that stays on the server because of its size. */
typedef struct {
    char *mailbox; /* NULL while the vault is locked */
    guint64 size;
    gint64 internaldate, since;
} Left;

typedef struct {
    const char *name;
    AccountStat stat;
    GPtrArray *left; /* Left *, the largest first */
    PendingStat pending;
} AccountLine;

typedef struct {
    GArray *accounts; /* AccountLine */
    VaultStat vault;
    IndexStat index;
    gboolean unlocked;
    OutboxStat outbox;
    guint drafts;
    GPtrArray *warnings; /* char *: keys that stop the fetching, now or soon */
} Status;

static void free_left(gpointer left)
{
    g_free(((Left *)left)->mailbox);
    g_free(left);
}

static gboolean add_left(gpointer user, const Skipped *skipped, GError **error)
{
    (void)error;
    Left *left = g_new0(Left, 1);
    *left =
        (Left){g_strdup(skipped->mailbox), skipped->size, skipped->internaldate, skipped->since};
    g_ptr_array_add(user, left);
    return TRUE;
}

static void clear_line(gpointer line)
{
    g_clear_pointer(&((AccountLine *)line)->left, g_ptr_array_unref);
}

static gboolean look(Context *context, Status *status, GError **error)
{
    context->vault_key = unlock_cached(vault_id(context->vault));
    status->unlocked = context->vault_key != NULL;
    for (guint i = 0; i < context->config->accounts->len; i++) {
        const Account *account = context->config->accounts->pdata[i];
        AccountLine line = {.name = account->name,
                            .left = g_ptr_array_new_with_free_func(free_left)};
        g_array_append_val(status->accounts, line);
        if (!vault_account_stat(context->vault, context->match_key, account->name,
                                &g_array_index(status->accounts, AccountLine, i).stat, error) ||
            !vault_skipped(context->vault, context->match_key, context->vault_key, account->name,
                           add_left, line.left, error) ||
            !vault_pending_stat(context->vault, context->match_key, account->name,
                                &g_array_index(status->accounts, AccountLine, i).pending, error))
            return FALSE;
    }
    g_autoptr(GPtrArray) warnings = keywatch_warnings(context->config, TRUE);
    for (guint i = 0; i < warnings->len; i++)
        g_ptr_array_add(status->warnings, postern_error_words(warnings->pdata[i]));
    if (!vault_stat(context->vault, &status->vault, error) ||
        !vault_outbox_stat(context->vault, &status->outbox, error) ||
        !vault_draft_count(context->vault, &status->drafts, error))
        return FALSE;
    if (!status->unlocked)
        return TRUE;
    context->index =
        index_open(context->store, vault_id(context->vault), context->vault_key, error);
    if (context->index == NULL)
        return FALSE;
    return index_stat(context->index, &status->index, error);
}

static const char *state(const AccountLine *line)
{
    return line->stat.last_sync == 0 ? "new" : line->stat.outcome == 0 ? "ok" : "failed";
}

static void add_skipped(JsonBuilder *builder, const GPtrArray *left)
{
    json_builder_set_member_name(builder, "skipped");
    json_builder_begin_array(builder);
    for (guint i = 0; i < left->len; i++) {
        const Left *one = left->pdata[i];
        json_builder_begin_object(builder);
        json_int(builder, "size", (gint64)one->size);
        json_time(builder, "since", one->since);
        json_string(builder, "mailbox", one->mailbox);
        json_time(builder, "date", one->internaldate);
        json_builder_end_object(builder);
    }
    json_builder_end_array(builder);
}

static gint64 outbox_count(const OutboxStat *outbox)
{
    return (gint64)outbox->queued + outbox->doubt + outbox->failed + outbox->filing;
}

static void print_json(const Status *status)
{
    g_autoptr(JsonBuilder) builder = json_builder_new();
    json_builder_begin_object(builder);
    json_builder_set_member_name(builder, "accounts");
    json_builder_begin_array(builder);
    for (guint i = 0; i < status->accounts->len; i++) {
        const AccountLine *line = &g_array_index(status->accounts, AccountLine, i);
        json_builder_begin_object(builder);
        json_string(builder, "name", line->name);
        json_time(builder, "last_sync", line->stat.last_sync);
        json_int(builder, "messages", (gint64)line->stat.messages);
        json_int(builder, "unindexed", (gint64)line->stat.unindexed);
        json_int(builder, "undelivered", (gint64)line->pending.waiting);
        json_string(builder, "state", state(line));
        json_int(builder, "error", line->stat.outcome);
        add_skipped(builder, line->left);
        json_builder_end_object(builder);
    }
    json_builder_end_array(builder);
    json_builder_set_member_name(builder, "vault");
    json_builder_begin_object(builder);
    json_int(builder, "messages", (gint64)status->vault.messages);
    json_int(builder, "bytes", (gint64)status->vault.bytes);
    json_builder_end_object(builder);
    json_builder_set_member_name(builder, "index");
    json_builder_begin_object(builder);
    json_int(builder, "messages", (gint64)status->index.messages);
    json_int(builder, "bytes", (gint64)status->index.bytes);
    json_bool(builder, "unlocked", status->unlocked);
    json_int(builder, "truncated", (gint64)status->index.truncated);
    json_builder_end_object(builder);
    json_int(builder, "outbox", outbox_count(&status->outbox));
    json_int(builder, "drafts", status->drafts);
    json_strings(builder, "warnings", status->warnings);
    json_builder_end_object(builder);
    output_json(builder);
}

/* Why a sync failed, by its exit code. */
static const char *reason(int code)
{
    switch (code) {
    case POSTERN_ERROR_UNREACHABLE: return "the server could not be reached";
    case POSTERN_ERROR_CREATE:
    case POSTERN_ERROR_STORE: return "the store could not be written";
    case POSTERN_ERROR_TEMPORARY: return "for the time being";
    case POSTERN_ERROR_PROTOCOL: return "the server broke protocol or TLS";
    case POSTERN_ERROR_LOGIN: return "the server refused the login";
    case POSTERN_ERROR_POLICY: return "configuration or policy refused";
    default: return "an error of ours";
    }
}

static void print_one_left(const Left *one)
{
    g_autofree char *size = g_format_size(one->size);
    g_autofree char *mailbox = text_name(one->mailbox);
    g_autofree char *date = output_short_date(one->internaldate ? one->internaldate : one->since);
    printf("    %s, %s, %s %s\n", mailbox, size, one->internaldate ? "of" : "seen", date);
}

static void print_left(const GPtrArray *left, const char *account)
{
    if (left->len == 0)
        return;
    const Left *largest = left->pdata[0], *smallest = left->pdata[left->len - 1];
    g_autofree char *count = text_count(left->len, "message stays", "messages stay");
    g_autofree char *size = g_format_size(largest->size);
    printf("  %s on the server for %s size, the largest %s", count,
           left->len == 1 ? "its" : "their", size);
    if (smallest->size <= LIMIT_MESSAGE_BYTES)
        printf("; to fetch: 'postern sync --large %s'", account);
    puts("");
    for (guint i = 0; largest->mailbox && i < MIN(left->len, LEFT_SHOWN); i++)
        print_one_left(left->pdata[i]);
    if (largest->mailbox && left->len > LEFT_SHOWN)
        printf("    and %u more\n", left->len - LEFT_SHOWN);
}

static void print_pending(const PendingStat *pending)
{
    g_autofree char *count = text_count(pending->waiting, "message waits", "messages wait");
    if (pending->waiting > 0)
        printf("  %s to be handed on (deliver)\n", count);
    if (pending->lost > 0)
        printf("  %" G_GUINT64_FORMAT " of them gone from the server: 'postern unlock', then "
               "'postern sync'\n",
               pending->lost);
}

static void print_drafts(const Status *status)
{
    g_autofree char *words = text_count(status->drafts, "draft", "drafts");
    if (status->drafts > 0)
        printf("%s: 'postern draft'\n", words);
}

static void print_outbox(const Status *status)
{
    const OutboxStat *outbox = &status->outbox;
    if (outbox_count(outbox) == 0)
        return;
    const struct {
        guint count;
        const char *what;
    } kinds[] = {{outbox->queued, "waiting"},
                 {outbox->doubt, "maybe sent"},
                 {outbox->failed, "failed"},
                 {outbox->filing, "sent and not on the server yet"}};
    const char *between = "outbox: ";
    for (gsize i = 0; i < G_N_ELEMENTS(kinds); i++) {
        if (kinds[i].count == 0)
            continue;
        printf("%s%u %s", between, kinds[i].count, kinds[i].what);
        between = ", ";
    }
    puts(outbox->queued && !status->unlocked ? "; the vault is locked: 'postern unlock' to send"
                                             : ": 'postern outbox'");
}

static void print_text(const Status *status)
{
    for (guint i = 0; i < status->accounts->len; i++) {
        const AccountLine *line = &g_array_index(status->accounts, AccountLine, i);
        g_autofree char *name = text_name(line->name), *word = text_word(line->name);
        g_autofree char *count = text_count(line->stat.messages, "message", "messages");
        g_autofree char *date =
            line->stat.last_sync ? output_short_date(line->stat.last_sync) : g_strdup("never");
        printf("%s: %s", name, count);
        if (line->stat.unindexed > 0)
            printf(" (%" G_GUINT64_FORMAT " not indexed yet)", line->stat.unindexed);
        printf(", last sync %s", date);
        if (line->stat.outcome)
            printf(", failed: %s (%d)\n", reason(line->stat.outcome), line->stat.outcome);
        else
            puts(line->stat.last_sync ? ", ok" : "");
        print_pending(&line->pending);
        if (line->stat.outcome == POSTERN_ERROR_LOGIN)
            printf("  its login is not tried again before 'postern password set %s', or 'retry'\n",
                   word);
        print_left(line->left, word);
    }
    g_autofree char *bytes = g_format_size(status->vault.bytes);
    g_autofree char *sealed = text_count(status->vault.messages, "message", "messages");
    printf("vault: %s, %s\n", sealed, bytes);
    g_autofree char *indexed = text_count(status->index.messages, "message", "messages");
    if (!status->unlocked)
        puts("index: locked");
    else
        printf("index: unlocked, %s\n", indexed);
    g_autofree char *truncated =
        text_count(status->index.truncated, "message holds", "messages hold");
    if (status->index.truncated > 0)
        printf("  %s more than could be read: 'postern search tag:truncated'\n", truncated);
    print_outbox(status);
    print_drafts(status);
    for (guint i = 0; i < status->warnings->len; i++)
        printf("warning: %s\n", (const char *)status->warnings->pdata[i]);
}

static int run(Context *context, int argc, char **argv, GError **error)
{
    if (!command_options(context, &command_status, NULL, 0, 0, &argc, &argv, error))
        return POSTERN_ERROR_USAGE;
    Status status = {.accounts = g_array_new(FALSE, TRUE, sizeof(AccountLine)),
                     .warnings = g_ptr_array_new_with_free_func(g_free)};
    g_array_set_clear_func(status.accounts, clear_line);
    if (look(context, &status, error))
        (context->json ? print_json : print_text)(&status);
    g_array_unref(status.accounts);
    g_ptr_array_unref(status.warnings);
    return 0;
}

const Command command_status = {
    .name = "status",
    .usage = "",
    .summary = "Accounts, last sync, counts and what waits",
    .needs = NEED_CONFIG | NEED_VAULT | NEED_MATCH,
    .run = run,
};
