/* postern sensitive test: which rule a message fits, and why. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cli/command.h"
#include "cli/json.h"
#include "core/error.h"
#include "core/limits.h"
#include "core/text.h"
#include "fetchd/sensitive.h"

#define PIECE (64 * 1024)

static const char *const shares[] = {
    [INDEX_NONE] = "none", [INDEX_HEADERS] = "headers", [INDEX_FULL] = "full"};

typedef struct {
    char *account, *folder;
} Flags;

static void flags_clear(Flags *flags)
{
    g_free(flags->account);
    g_free(flags->folder);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Flags, flags_clear)

static gboolean unusable(const char *name, const char *why, GError **error)
{
    g_autofree char *shown = word_shown(name);
    return refuse(error, POSTERN_ERROR_INPUT, "message.file",
                  "name a file that holds one message, or - for standard input", "%s: %s", shown,
                  why);
}

/* The head of a message, as a fetch would keep it, and its whole size. */
static gboolean read_all(FILE *file, const char *name, GByteArray *head, guint64 *size,
                         GError **error)
{
    g_autofree guint8 *piece = g_malloc(PIECE);
    gsize got;
    while ((got = fread(piece, 1, PIECE, file)) > 0) {
        g_byte_array_append(head, piece, (guint)MIN(got, LIMIT_JUDGED_BYTES - head->len));
        *size += got;
    }
    if (ferror(file))
        return unusable(name, g_strerror(errno), error);
    return *size > 0 || unusable(name, "it is empty", error);
}

static gboolean read_message(const char *name, GByteArray *head, guint64 *size, GError **error)
{
    if (strcmp(name, "-") == 0)
        return read_all(stdin, name, head, size, error);
    FILE *file = fopen(name, "rbe");
    if (file == NULL)
        return unusable(name, g_strerror(errno), error);
    gboolean fine = read_all(file, name, head, size, error);
    fclose(file);
    return fine;
}

static void tell_json(const Verdict *verdict)
{
    g_autoptr(JsonBuilder) builder = json_builder_new();
    json_builder_begin_object(builder);
    json_bool(builder, "sensitive", verdict->sensitive);
    json_string(builder, "rule", verdict->rule);
    json_string(builder, "key", verdict->keys);
    json_string(builder, "why", verdict->why);
    json_string(builder, "index", verdict->sensitive ? shares[verdict->index] : NULL);
    json_builder_end_object(builder);
    output_json(builder);
}

static void tell(const Context *context, const Verdict *verdict)
{
    if (!verdict->sensitive) {
        printf("not sensitive: %s\n",
               context->config->sensitive->len == 0 ? "there are no rules" : "it fits no rule");
        return;
    }
    g_autofree char *name = text_field(verdict->rule);
    printf("sensitive by rule \"%s\", which lets the index have %s\n%s\n", name,
           verdict->index == INDEX_NONE      ? "nothing of it"
           : verdict->index == INDEX_HEADERS ? "its header"
                                             : "all of it",
           verdict->why);
}

static int judge(Context *context, const char *file, const Flags *flags, GError **error)
{
    guint64 size = 0;
    g_autoptr(GByteArray) bytes = g_byte_array_new();
    const Account *account = config_account(context->config, flags->account, error);
    if (account == NULL || !read_message(file, bytes, &size, error))
        return POSTERN_ERROR_INPUT;
    const JudgedPlace place = {account->name, flags->folder ? flags->folder : "INBOX", size};
    g_auto(Verdict) verdict = {0};
    g_autoptr(GBytes) head = g_byte_array_free_to_bytes(g_steal_pointer(&bytes));
    sensitive_judge(context->config->sensitive, &place, head, &verdict);
    if (context->json)
        tell_json(&verdict);
    else if (!context->quiet)
        tell(context, &verdict);
    return verdict.sensitive ? 0 : POSTERN_ANSWER_NO;
}

static int run(Context *context, int argc, char **argv, GError **error)
{
    g_auto(Flags) flags = {NULL, NULL};
    const GOptionEntry entries[] = {
        {"account", 0, 0, G_OPTION_ARG_STRING, &flags.account, "As if it came to this account",
         "NAME"},
        {"folder", 0, 0, G_OPTION_ARG_STRING, &flags.folder, "As if it lay there", "FOLDER"},
        G_OPTION_ENTRY_NULL,
    };
    if (!command_options(context, &command_sensitive, entries, 2, 2, &argc, &argv, error))
        return POSTERN_ERROR_USAGE;
    if (strcmp(argv[1], "test") != 0) {
        (void)command_unknown_word(&command_sensitive, argv[1], error);
        return POSTERN_ERROR_USAGE;
    }
    return judge(context, argv[2], &flags, error);
}

const Command command_sensitive = {
    .name = "sensitive",
    .usage = "test FILE|- [--account NAME] [--folder FOLDER]",
    .summary = "Tells which rule for sensitive mail a message fits, and why",
    .needs = NEED_CONFIG,
    .run = run,
};
