/* postern export: mail into files of one's own, in clear. */
#include <stdio.h>
#include <string.h>

#include "archive/export.h"
#include "cli/command.h"
#include "cli/json.h"
#include "cli/output.h"
#include "core/error.h"
#include "core/interrupt.h"
#include "core/limits.h"
#include "core/secret.h"
#include "core/stream.h"
#include "core/text.h"
#include "store/absorb.h"
#include "store/vault-import.h"

typedef struct {
    char *maildir, *mbox;
    gboolean sensitive;
} Wish;

typedef struct {
    Context *context;
    const Wish *wish;
    Exporter *exporter;
    int stop_fd;
    guint64 messages, files;
    guint64 before;    /* files that were there already */
    guint64 longer;    /* messages that got a newline at their end */
    guint64 sensitive; /* messages that were left out, */
    guint64 unread;    /* and those that cannot be read: */
    GError *late;      /* the first of them */
} Export;

/* --- one message ----------------------------------------------------------------------------- */

typedef struct {
    const Context *context;
    const char *id;
    GBytes *bytes; /* of one for which gpg is asked: once */
} Opening;

static Source *open_message(gpointer user, GError **error)
{
    Opening *opening = user;
    if (opening->bytes)
        return source_from_bytes(opening->bytes);
    return vault_message(opening->context->vault, opening->context->vault_key, opening->id, error);
}

/* Asks for the private key. */
static gboolean open_sensitive(Opening *opening, GError **error)
{
    g_autoptr(Source) source = open_message(opening, error);
    opening->bytes = source ? source_drain(source, LIMIT_VIEW_BYTES, error) : NULL;
    return opening->bytes != NULL;
}

static void opening_clear(Opening *opening)
{
    gsize size;
    if (opening->bytes) {
        const void *data = g_bytes_get_data(opening->bytes, &size);
        secret_wipe((void *)data, size);
    }
    g_clear_pointer(&opening->bytes, g_bytes_unref);
}

/* What tags say that flags can say, own tags too. */
static char *flags_of(const Hit *hit)
{
    static const struct {
        char letter;
        const char *tag;
        gboolean without;
    } known[] = {{'D', "draft", FALSE},   {'F', "flagged", FALSE}, {'P', "forwarded", FALSE},
                 {'R', "replied", FALSE}, {'S', "unread", TRUE},   {'T', "deleted", FALSE}};
    GString *letters = g_string_new(NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(known); i++) {
        gboolean has = g_ptr_array_find_with_equal_func(hit->tags, known[i].tag, g_str_equal, NULL);
        if (has != known[i].without)
            g_string_append_c(letters, known[i].letter);
    }
    return g_string_free(letters, FALSE);
}

static gboolean put(Export *self, const ExportMessage *message, Opening *opening, GError **error)
{
    Exported how;
    if (!self->exporter->put(self->exporter, message, open_message, opening, &how, error))
        return FALSE;
    self->files += how != EXPORTED_BEFORE;
    self->before += how == EXPORTED_BEFORE;
    self->longer += how == EXPORTED_LONGER;
    return TRUE;
}

/* An mbox knows no folders. */
static gboolean put_everywhere(Export *self, const Hit *hit, Opening *opening, GError **error)
{
    g_autofree char *flags = flags_of(hit);
    ExportMessage message = {.id = hit->id, .folder = "INBOX", .flags = flags, .date = hit->date};
    if (!vault_as_is(self->context->vault, hit->id, &message.as_is, error))
        return FALSE;
    if (self->wish->mbox)
        return put(self, &message, opening, error);
    g_autoptr(GPtrArray) places = index_places(self->context->index, hit->id, error);
    gboolean several = self->context->config->accounts->len > 1;
    for (guint i = 0; places && i + 1 < places->len; i += 2) {
        message.account = several ? places->pdata[i] : NULL;
        message.folder = places->pdata[i + 1];
        if (!put(self, &message, opening, error))
            return FALSE;
    }
    return places != NULL;
}

/* One that is damaged does not keep the others back. All of it was read before a byte of it was
 * written. */
static gboolean pass_by(Export *self, const Hit *hit, GError *failure, GError **error)
{
    if (!absorb_is_damage(failure) && g_strcmp0(postern_error_rule(failure), "message.size") != 0) {
        g_propagate_error(error, failure);
        return FALSE;
    }
    g_autofree char *words = postern_error_words(failure);
    output_note("%s is left out: %s", hit->id, words);
    self->unread++;
    if (self->late == NULL)
        self->late = failure;
    else
        g_error_free(failure);
    return TRUE;
}

static gboolean take_hit(gpointer user, const Hit *hit, GError **error)
{
    Export *self = user;
    Opening opening = {.context = self->context, .id = hit->id};
    GError *failure = NULL;
    if (interrupted(self->stop_fd, error))
        return FALSE;
    if (hit->sensitive && !self->wish->sensitive) {
        self->sensitive++;
        return TRUE;
    }
    gboolean fine = (!hit->sensitive || open_sensitive(&opening, &failure)) &&
                    put_everywhere(self, hit, &opening, &failure);
    self->messages += fine;
    fine = fine || pass_by(self, hit, failure, error);
    opening_clear(&opening);
    return fine;
}

/* --- all of them ----------------------------------------------------------------------------- */

static void tell(const Export *self)
{
    FILE *out = g_strcmp0(self->wish->mbox, "-") == 0 ? stderr : stdout;
    if (self->sensitive > 0)
        output_note("%" G_GUINT64_FORMAT
                    " sensitive %s left out: --sensitive takes them along, and "
                    "asks for the private key for each",
                    self->sensitive, self->sensitive == 1 ? "message is" : "messages are");
    if (self->longer > 0)
        output_note("%" G_GUINT64_FORMAT
                    " had no newline at the end, and got one, as an mbox wants "
                    "it; a Maildir keeps them as they are",
                    self->longer);
    if (self->context->quiet || self->context->json)
        return;
    g_autofree char *messages = text_count(self->messages, "message", "messages");
    fprintf(out, "%s exported", messages);
    if (self->before > 0)
        fprintf(out, ", %" G_GUINT64_FORMAT " files were there already", self->before);
    fputs(", in clear\n", out);
}

static void tell_json(const Export *self)
{
    g_autoptr(JsonBuilder) builder = json_builder_new();
    json_builder_begin_object(builder);
    json_int(builder, "exported", (gint64)self->messages);
    json_int(builder, "files", (gint64)self->files);
    json_int(builder, "there", (gint64)self->before);
    json_int(builder, "sensitive", (gint64)self->sensitive);
    json_int(builder, "left_out", (gint64)self->unread);
    if (self->late)
        json_failure(builder, self->late);
    json_builder_end_object(builder);
    output_json(builder);
}

static int answer(const Export *self)
{
    if (self->context->json)
        tell_json(self);
    tell(self);
    if (self->late)
        return self->late->code;
    return self->sensitive > 0 || self->messages == 0 ? POSTERN_ANSWER_NO : 0;
}

static int export(Context *context, const Wish *wish, const Query *query, GError **error)
{
    g_autoptr(Exporter) exporter =
        wish->mbox ? export_mbox(wish->mbox, error) : export_maildir(wish->maildir, error);
    if (exporter == NULL)
        return POSTERN_ERROR_CREATE;
    Export self = {
        .context = context, .wish = wish, .exporter = exporter, .stop_fd = interrupt_open(FALSE)};
    gboolean fine =
        index_search_each(context->index, query, 0, SORT_OLDEST, take_hit, &self, error) &&
        exporter->finish(exporter, error);
    int code = fine ? answer(&self) : POSTERN_ERROR_STORE;
    g_clear_error(&self.late);
    return code;
}

static gboolean check_wish(const Context *context, const Wish *wish, GError **error)
{
    const char *one = wish->maildir ? wish->maildir : wish->mbox;
    if ((wish->maildir == NULL) == (wish->mbox == NULL) || *one == '\0')
        return refuse(error, POSTERN_ERROR_USAGE, "usage", "say --maildir DIR or --mbox FILE",
                      "it is not said where to export to");
    return !context->json || g_strcmp0(wish->mbox, "-") != 0 ||
           refuse(error, POSTERN_ERROR_USAGE, "usage", "name a file, or leave --json out",
                  "standard output cannot have both an mbox and JSON");
}

static int run(Context *context, int argc, char **argv, GError **error)
{
    g_autofree char *maildir = NULL, *mbox = NULL;
    Wish wish = {0};
    const GOptionEntry entries[] = {
        {"maildir", 0, 0, G_OPTION_ARG_FILENAME, &maildir, "Into a Maildir with its folders",
         "DIR"},
        {"mbox", 0, 0, G_OPTION_ARG_FILENAME, &mbox, "Into a new mbox, or - for standard output",
         "FILE"},
        {"sensitive", 0, 0, G_OPTION_ARG_NONE, &wish.sensitive,
         "What rules for sensitive mail sealed singly, too", NULL},
        G_OPTION_ENTRY_NULL,
    };
    if (!command_options(context, &command_export, entries, 0, -1, &argc, &argv, error))
        return POSTERN_ERROR_USAGE;
    wish.maildir = maildir;
    wish.mbox = mbox;
    if (!check_wish(context, &wish, error))
        return POSTERN_ERROR_USAGE;
    g_autofree char *text = g_strjoinv(" ", argv + 1);
    g_autoptr(Query) query = query_parse(text, g_get_real_time() / G_USEC_PER_SEC, error);
    if (query == NULL ||
        !context_meet(context, NEED_CONFIG | NEED_VAULT | NEED_KEY | NEED_INDEX, error))
        return POSTERN_ERROR_INPUT;
    return export(context, &wish, query, error);
}

const Command command_export = {
    .name = "export",
    .usage = "(--maildir DIR|--mbox FILE|-) [--sensitive] [QUERY …]",
    .summary = "Writes mail into a Maildir or an mbox, in clear",
    .needs = NEED_NOTHING, /* a wrong query is told before anything is unlocked */
    .run = run,
};
