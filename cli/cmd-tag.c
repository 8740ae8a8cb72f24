/* postern tag: the user's own tags. */
#include <stdio.h>
#include <string.h>

#include "cli/command.h"
#include "cli/json.h"
#include "cli/output.h"
#include "core/error.h"
#include "core/limits.h"
#include "core/tagname.h"
#include "core/text.h"
#include "crypto/unlock.h"
#include "store/tagging.h"
#include "store/tagrules.h"
#include "store/tagtext.h"
#include "store/vault-tags.h"

typedef struct {
    gboolean dry_run, export, rules;
    char *import;
    GPtrArray *changes; /* "+name", "-name", and NULL at the end */
} Flags;

static void flags_clear(Flags *flags)
{
    g_free(flags->import);
    g_ptr_array_unref(flags->changes);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Flags, flags_clear)

/* --- the command line ---------------------------------------------------------------------- */

/* -h, -q and -v mean what they mean everywhere. */
static gboolean is_option(const char *word)
{
    return strcmp(word, "-h") == 0 || strcmp(word, "-q") == 0 || strcmp(word, "-v") == 0 ||
           (g_str_has_prefix(word, "--") && word[2] != '\0');
}

static gboolean is_change(const char *word)
{
    return *word == '+' || (*word == '-' && word[1] != '-' && word[1] != '\0' && !is_option(word));
}

/* Takes the words +T and -T off the front of the command line, where options may stand between
 * them: to GLib a -T would be one. */
static gboolean take_changes(int *argc, char **argv, GPtrArray *changes, GError **error)
{
    int kept = 1, at = 1;
    for (; at < *argc && (is_change(argv[at]) || is_option(argv[at])); at++) {
        if (!is_change(argv[at])) {
            argv[kept++] = argv[at];
            continue;
        }
        g_autofree char *name = tagname_check(argv[at] + 1, error);
        if (name == NULL)
            return FALSE;
        if (changes->len >= LIMIT_FLAGS)
            return refuse(error, POSTERN_ERROR_USAGE, "usage", "call it twice",
                          "more than %d tags are to change", LIMIT_FLAGS);
        g_ptr_array_add(changes, g_strdup_printf("%c%s", *argv[at], name));
    }
    for (; at <= *argc; at++) /* NULL at the end, too */
        argv[kept++] = argv[at];
    *argc = kept - 1;
    return TRUE;
}

static gboolean check_use(const Flags *flags, int words, GError **error)
{
    int ways = (flags->changes->len > 0) + flags->export + flags->rules + (flags->import != NULL);
    g_autofree char *usage = g_strdup_printf("write 'postern tag %s'", command_tag.usage);
    if (ways != 1)
        return refuse(error, POSTERN_ERROR_USAGE, "usage", usage,
                      ways ? "'postern tag' does one thing at a time"
                           : "'postern tag' is not told what to do");
    gboolean queries = flags->changes->len > 0;
    if (queries != (words > 0))
        return refuse(error, POSTERN_ERROR_USAGE, "usage", usage,
                      queries ? "no query says which messages are meant"
                              : "a query stands where none is asked for");
    return !flags->export || !flags->dry_run ||
           refuse(error, POSTERN_ERROR_USAGE, "usage", "leave --dry-run out",
                  "--export changes nothing");
}

/* --- what was done ------------------------------------------------------------------------- */

typedef struct {
    guint64 found, changed, kept;
    gboolean unknown; /* the vault is locked: nobody can tell what was changed by it */
} Done;

static void tell_done(const Context *context, const Flags *flags, const Done *done)
{
    if (context->json) {
        g_autoptr(JsonBuilder) builder = json_builder_new();
        json_builder_begin_object(builder);
        json_int(builder, "found", (gint64)done->found);
        if (done->unknown)
            json_string(builder, "changed", NULL);
        else
            json_int(builder, "changed", (gint64)done->changed);
        json_int(builder, "kept", (gint64)done->kept);
        json_bool(builder, "dry_run", flags->dry_run);
        json_builder_end_object(builder);
        output_json(builder);
        return;
    }
    if (done->kept > 0 && !context->quiet) {
        g_autofree char *kept = text_count(done->kept, "message keeps", "messages keep");
        output_note("%s a tag that is not yours to take away: it is a flag on the server", kept);
    }
    if (context->quiet)
        return;
    g_autofree char *found = text_count(done->found, "message", "messages");
    if (done->found == 0)
        output_note("nothing found");
    else if (done->unknown)
        printf("%s for %s; the vault is locked, so they show once it is open\n",
               flags->dry_run ? "would be sealed" : "sealed", found);
    else
        printf("%" G_GUINT64_FORMAT " of %s %s\n", done->changed, found,
               flags->dry_run ? "would change" : "changed");
}

static gboolean finish(Context *context, const Flags *flags, Tagging *tagging, gboolean fine,
                       GError **error)
{
    fine = tagging_end(tagging, fine, error);
    return fine &&
           (flags->dry_run || tagging->count.changed == 0 || context_absorb(context, error));
}

static Tagging tagging_for(const Context *context, const Flags *flags, TagHow how)
{
    return (Tagging){
        .vault = flags->dry_run ? NULL : context->vault, .index = context->index, .how = how};
}

/* --- messages that a query finds ----------------------------------------------------------- */

/* Does it name messages by their ids, and nothing else? Then their ids are added to IDS. */
static gboolean names_alone(const Query *query, GPtrArray *ids)
{
    if (query->kind == QUERY_OR)
        return names_alone(query->left, ids) && names_alone(query->right, ids);
    if (query->kind != QUERY_EXACT || strcmp(query->field, "id") != 0)
        return FALSE;
    if (!g_ptr_array_find_with_equal_func(ids, query->value, g_str_equal, NULL))
        g_ptr_array_add(ids, query->value);
    return TRUE;
}

static gboolean is_locked(const Context *context)
{
    g_autoptr(Secret) key = unlock_cached(vault_id(context->vault));
    return key == NULL;
}

/* Without the index: sealed by the public key alone. */
static gboolean tag_blindly(Context *context, const Flags *flags, const GPtrArray *ids, Done *done,
                            GError **error)
{
    g_autoptr(GPtrArray) list = tag_changes_new();
    for (guint i = 0; i < ids->len; i++)
        tag_changes_add(list, ids->pdata[i], (const char *const *)flags->changes->pdata);
    done->unknown = TRUE;
    return flags->dry_run ? vault_count_tags(context->vault, list, &done->found, error)
                          : vault_tag(context->vault, list, &done->found, error);
}

static gboolean tag_found(Context *context, const Flags *flags, const Query *query, Done *done,
                          GError **error)
{
    if (!context_meet(context, NEED_CONFIG | NEED_KEY | NEED_INDEX, error))
        return FALSE;
    Tagging tagging = tagging_for(context, flags, TAG_BY_HAND);
    gboolean fine =
        tagging_query(&tagging, query, (const char *const *)flags->changes->pdata, error);
    fine = finish(context, flags, &tagging, fine, error);
    *done = (Done){tagging.count.found, tagging.count.changed, tagging.count.kept, FALSE};
    return fine;
}

static int tag(Context *context, const Flags *flags, char **words, GError **error)
{
    Done done = {0};
    g_autofree char *text = g_strjoinv(" ", words);
    g_autoptr(Query) query = query_parse(text, g_get_real_time() / G_USEC_PER_SEC, error);
    g_autoptr(GPtrArray) ids = g_ptr_array_new();
    if (query == NULL || !context_meet(context, NEED_CONFIG | NEED_VAULT, error))
        return POSTERN_ERROR_INPUT;
    gboolean blindly = names_alone(query, ids) && is_locked(context);
    if (!(blindly ? tag_blindly(context, flags, ids, &done, error)
                  : tag_found(context, flags, query, &done, error)))
        return POSTERN_ERROR_STORE;
    tell_done(context, flags, &done);
    return done.found > 0 ? 0 : POSTERN_ANSWER_NO;
}

/* --- all mail, by the rules of the configuration -------------------------------------------- */

static gboolean follow_rules(Tagging *tagging, const GPtrArray *rules, GError **error)
{
    for (guint i = 0; i < rules->len; i++) {
        const ParsedRule *rule = rules->pdata[i];
        const char *const changes[] = {rule->change, NULL};
        if (!tagging_query(tagging, rule->query, changes, error))
            return FALSE;
    }
    return TRUE;
}

static int tag_by_rules(Context *context, const Flags *flags, GError **error)
{
    if (!context_meet(context, NEED_CONFIG | NEED_VAULT | NEED_KEY | NEED_INDEX, error))
        return POSTERN_ERROR_STORE;
    if (context->rules->len == 0)
        return refuse(error, POSTERN_ERROR_POLICY, "tag.rules",
                      "add a section [tag \"NAME\"] with a query, see postern.conf(5)",
                      "the configuration has no rule for tags");
    Tagging tagging = tagging_for(context, flags, TAG_BY_RULE);
    gboolean fine = follow_rules(&tagging, context->rules, error);
    if (!finish(context, flags, &tagging, fine, error))
        return POSTERN_ERROR_STORE;
    const Done done = {tagging.count.found, tagging.count.changed, 0, FALSE};
    tell_done(context, flags, &done);
    return done.found > 0 ? 0 : POSTERN_ANSWER_NO;
}

/* --- as text ------------------------------------------------------------------------------- */

static gboolean export_one(gpointer user, const char *id, const char *message_id,
                           const GPtrArray *tags, GError **error)
{
    (void)error;
    JsonArrayOutput *json = user;
    /* Without a Message-ID of its own it can only be named by ours. */
    const char *name = message_id && g_utf8_validate(message_id, -1, NULL) ? message_id : id;
    if (json == NULL) {
        g_autofree char *line = tagtext_line(tags, name);
        fputs(line, stdout);
        return TRUE;
    }
    g_autoptr(JsonBuilder) builder = json_builder_new();
    json_builder_begin_object(builder);
    json_string(builder, "id", id);
    json_string(builder, "message_id", message_id);
    json_strings(builder, "tags", tags);
    json_builder_end_object(builder);
    output_json_element(json, builder);
    return TRUE;
}

static int export(Context *context, GError **error)
{
    JsonArrayOutput json = {0};
    if (!context_meet(context, NEED_CONFIG | NEED_VAULT | NEED_KEY | NEED_INDEX, error))
        return POSTERN_ERROR_STORE;
    gboolean fine =
        index_each_owned(context->index, export_one, context->json ? &json : NULL, error);
    if (context->json)
        output_json_array_end(&json, !fine);
    return fine ? 0 : POSTERN_ERROR_STORE;
}

static char *read_file(const char *path, gsize *size, GError **error)
{
    g_autoptr(GError) failure = NULL;
    char *text = NULL;
    g_autofree char *shown = text_name(path);
    const char *source = strcmp(path, "-") == 0 ? "/dev/stdin" : path;
    if (g_file_get_contents(source, &text, size, &failure))
        return text;
    g_autofree char *why = text_field(failure->message);
    refuse(error, POSTERN_ERROR_INPUT, "tag.file", "name a file that you may read",
           "%s cannot be read: %s", shown, why);
    return NULL;
}

typedef struct {
    guint64 lines, unknown, left_out, changed;
} Imported;

static void tell_imported(const Context *context, const Flags *flags, const Imported *imported)
{
    if (context->json) {
        g_autoptr(JsonBuilder) builder = json_builder_new();
        json_builder_begin_object(builder);
        json_int(builder, "lines", (gint64)imported->lines);
        json_int(builder, "unknown", (gint64)imported->unknown);
        json_int(builder, "left_out", (gint64)imported->left_out);
        json_int(builder, "changed", (gint64)imported->changed);
        json_bool(builder, "dry_run", flags->dry_run);
        json_builder_end_object(builder);
        output_json(builder);
        return;
    }
    if (context->quiet)
        return;
    g_autofree char *unknown = text_count(imported->unknown, "line names", "lines name");
    g_autofree char *left = text_count(imported->left_out, "tag was", "tags were");
    g_autofree char *changed = text_count(imported->changed, "message", "messages");
    if (imported->unknown > 0)
        output_note("%s a message that is not here", unknown);
    if (imported->left_out > 0)
        output_note("%s left out: they tell what the server's flags say, or Postern sets them",
                    left);
    printf("%s %s\n", changed, flags->dry_run ? "would change" : "changed");
}

static gboolean import_lines(Tagging *tagging, const GPtrArray *lines, Imported *imported,
                             GError **error)
{
    for (guint i = 0; i < lines->len; i++) {
        gboolean known;
        const TagLine *line = lines->pdata[i];
        if (!tagging_named(tagging, line->id, (const char *const *)line->changes, &known, error))
            return FALSE;
        imported->unknown += !known;
    }
    return TRUE;
}

static int import(Context *context, const Flags *flags, GError **error)
{
    gsize size;
    Imported imported = {0};
    g_autofree char *text = read_file(flags->import, &size, error);
    /* Nothing is changed by a file that cannot be read to its end. */
    g_autoptr(GPtrArray) lines =
        text ? tagtext_read(text, size, flags->import, &imported.left_out, error) : NULL;
    if (lines == NULL ||
        !context_meet(context, NEED_CONFIG | NEED_VAULT | NEED_KEY | NEED_INDEX, error))
        return POSTERN_ERROR_INPUT;
    Tagging tagging = tagging_for(context, flags, TAG_BY_HAND);
    gboolean fine = import_lines(&tagging, lines, &imported, error);
    if (!finish(context, flags, &tagging, fine, error))
        return POSTERN_ERROR_STORE;
    imported.lines = lines->len;
    imported.changed = tagging.count.changed;
    tell_imported(context, flags, &imported);
    return imported.unknown < imported.lines || imported.lines == 0 ? 0 : POSTERN_ANSWER_NO;
}

static int run(Context *context, int argc, char **argv, GError **error)
{
    g_auto(Flags) flags = {.changes = g_ptr_array_new_with_free_func(g_free)};
    const GOptionEntry entries[] = {
        {"dry-run", 0, 0, G_OPTION_ARG_NONE, &flags.dry_run, "Only tell what would change", NULL},
        {"rules", 0, 0, G_OPTION_ARG_NONE, &flags.rules,
         "Hold all mail against the rules of the configuration", NULL},
        {"export", 0, 0, G_OPTION_ARG_NONE, &flags.export, "Print all own tags as text", NULL},
        {"import", 0, 0, G_OPTION_ARG_FILENAME, &flags.import, "Read such text from FILE, or -",
         "FILE"},
        G_OPTION_ENTRY_NULL,
    };
    if (!take_changes(&argc, argv, flags.changes, error) ||
        !command_options(context, &command_tag, entries, 0, -1, &argc, &argv, error) ||
        !check_use(&flags, argc - 1, error))
        return POSTERN_ERROR_USAGE;
    g_ptr_array_add(flags.changes, NULL);
    if (flags.export)
        return export(context, error);
    if (flags.rules)
        return tag_by_rules(context, &flags, error);
    return flags.import ? import(context, &flags, error) : tag(context, &flags, argv + 1, error);
}

const Command command_tag = {
    .name = "tag",
    .usage = "(+T|-T)… [--dry-run] QUERY …|--rules|--export|--import FILE|-",
    .summary = "Gives messages tags of your own, and takes them away",
    .needs = NEED_NOTHING, /* a wrong query is told before anything is unlocked */
    .run = run,
};
