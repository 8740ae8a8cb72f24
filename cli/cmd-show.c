/* postern show: one message, decrypted, verified, safe for the terminal. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/command.h"
#include "cli/output.h"
#include "cli/reading.h"
#include "core/error.h"
#include "core/limits.h"
#include "core/stream.h"
#include "core/text.h"

#define PART_UNSAID G_MININT

typedef struct {
    gboolean raw, headers, html;
    int part;
} Flags;

/* A line on a terminal is cut here, on whatever byte. */
#define RAW_LINE (64 * 1024)

static gboolean write_exactly(const void *data, gsize size, GError **error)
{
    return fwrite(data, 1, size, stdout) == size ||
           refuse(error, POSTERN_ERROR_STORE, "output",
                  "see that its disk has room and its reader stays", "cannot write the output");
}

/* For the terminal: what LINE holds, made harmless, and LINE is empty. */
static gboolean write_line(GString *line, GError **error)
{
    if (g_str_has_suffix(line->str, "\r\n"))
        g_string_erase(line, (gssize)line->len - 2, 1);
    g_autofree char *text = text_utf8(line->str, (gssize)line->len);
    g_autofree char *safe = text_body(text);
    g_string_truncate(line, 0);
    return write_exactly(safe, strlen(safe), error);
}

/* Bytes that a stranger made: to a pipe or a file exactly, to a terminal by whole lines. LINE keeps
 * what has no end yet. */
static gboolean write_out(GString *line, const guint8 *data, gsize size, GError **error)
{
    if (!isatty(STDOUT_FILENO))
        return write_exactly(data, size, error);
    while (size > 0) {
        const guint8 *end = memchr(data, '\n', size);
        gsize take = MIN(end ? (gsize)(end - data) + 1 : size, RAW_LINE - line->len);
        g_string_append_len(line, (const char *)data, (gssize)take);
        gboolean full = line->len == RAW_LINE || line->str[line->len - 1] == '\n';
        if (full && !write_line(line, error))
            return FALSE;
        data += take;
        size -= take;
    }
    return TRUE;
}

/* Straight from the vault. */
static gboolean show_raw(Source *source, GError **error)
{
    g_autoptr(GString) line = g_string_new(NULL);
    guint8 buffer[64 * 1024];
    gssize got;
    while ((got = source_read(source, buffer, sizeof buffer, error)) > 0)
        if (!write_out(line, buffer, (gsize)got, error))
            return FALSE;
    return got == 0 && write_line(line, error);
}

static gboolean write_whole(GBytes *bytes, GError **error)
{
    gsize size;
    const guint8 *data = g_bytes_get_data(bytes, &size);
    g_autoptr(GString) line = g_string_new(NULL);
    return write_out(line, data, size, error) && write_line(line, error);
}

/* What is encrypted within a letter is shown only so: alone, and told from the letter. */
static gboolean show_closed(const Reading *reading, guint n, GError **error)
{
    g_autoptr(Reading) part = reading_open_part(reading, n, error);
    if (part == NULL)
        return FALSE;
    if (part->file == NULL) {
        reading_print_part(part, n);
        return TRUE;
    }
    output_note("part %u was encrypted; nothing says that it belongs to the letter around it", n);
    for (guint i = 0; i < part->protection->signatures->len; i++) {
        g_autofree char *words = reading_signature_words(part->protection->signatures->pdata[i]);
        output_note("part %u: %s", n, g_strdelimit(words, "\n", ' '));
    }
    return write_whole(part->file, error);
}

static gboolean show_part(const Reading *reading, int part, GError **error)
{
    const Message *message = reading->message;
    if (reading_part_closed(reading, (guint)part))
        return show_closed(reading, (guint)part, error);
    g_autoptr(GBytes) bytes = message_part_bytes(message, (guint)part);
    if (bytes == NULL)
        return reading_no_part(message, part, error);
    return write_whole(bytes, error);
}

static gboolean show_html(const Reading *reading, const char *id, GError **error)
{
    g_autofree char *mend = g_strdup_printf("'postern show %s' shows what it has", id);
    return reading->locked || reading_print_html(reading) ||
           refuse(error, POSTERN_ERROR_INPUT, "message.html", mend, "the message has no HTML");
}

static gboolean show_exactly(const Context *context, const char *id, GError **error)
{
    g_autoptr(Source) source = vault_message(context->vault, context->vault_key, id, error);
    return source && show_raw(source, error);
}

static gboolean show(const Context *context, const char *id, const Flags *flags, GError **error)
{
    if (flags->raw)
        return show_exactly(context, id, error);
    g_autoptr(Reading) reading = reading_fetch(context, id, NULL, error);
    if (reading == NULL)
        return FALSE;
    if (reading->locked)
        g_propagate_error(error, g_error_copy(reading->locked));
    if (flags->part != PART_UNSAID)
        return reading->locked == NULL && show_part(reading, flags->part, error);
    if (context->json)
        reading_print_json(reading, id);
    else if (flags->headers)
        reading_print_headers(reading);
    else if (flags->html)
        return show_html(reading, id, error) && reading->locked == NULL;
    else
        reading_print(reading);
    return reading->locked == NULL;
}

static gboolean check(const Context *context, const Flags *flags, char **words, GError **error)
{
    gboolean part = flags->part != PART_UNSAID;
    if (flags->raw + flags->headers + flags->html + part + context->json > 1)
        return refuse(error, POSTERN_ERROR_USAGE, "usage", "leave out all but one",
                      "a message is shown in one way: --raw, --headers, --part, --html or --json");
    if (part && flags->part < 1)
        return refuse(error, POSTERN_ERROR_USAGE, "usage", "without --part it lists them",
                      "parts are counted from 1");
    gboolean one = words[1] == NULL && !g_str_has_prefix(words[0], "thread:");
    return one || !context->json ||
           refuse(error, POSTERN_ERROR_USAGE, "usage", "call it once for each",
                  "--json shows one message");
}

/* The ids that WORD means: itself, or, oldest first, the messages of thread:ID. */
static gboolean add_ids(Context *context, GPtrArray *ids, const char *word, GError **error)
{
    if (!g_str_has_prefix(word, "thread:")) {
        g_ptr_array_add(ids, g_strdup(word));
        return TRUE;
    }
    g_autoptr(Query) query = query_parse(word, 0, error);
    if (query == NULL || !context_meet(context, NEED_INDEX, error))
        return FALSE;
    g_autoptr(GPtrArray) hits = index_search(context->index, query, 0, SORT_OLDEST, error);
    for (guint i = 0; hits && i < hits->len; i++)
        g_ptr_array_add(ids, g_strdup(((Hit *)hits->pdata[i])->id));
    g_autofree char *safe = word_shown(word);
    return hits &&
           (hits->len > 0 || refuse(error, POSTERN_ERROR_INPUT, "message.id",
                                    "take the thread of a message from 'postern --json search'",
                                    "there is no %s", safe));
}

static gboolean show_all(Context *context, char **words, const Flags *flags, GError **error)
{
    g_autoptr(GPtrArray) ids = g_ptr_array_new_with_free_func(g_free);
    for (; *words; words++)
        if (!add_ids(context, ids, *words, error))
            return FALSE;
    gboolean apart = !flags->raw && flags->part == PART_UNSAID;
    for (guint i = 0; i < ids->len; i++) {
        if (i > 0 && apart)
            putchar('\n');
        if (!show(context, ids->pdata[i], flags, error))
            return FALSE;
    }
    return TRUE;
}

static int run(Context *context, int argc, char **argv, GError **error)
{
    Flags flags = {.part = PART_UNSAID};
    const GOptionEntry entries[] = {
        {"raw", 0, 0, G_OPTION_ARG_NONE, &flags.raw, "The exact bytes, as they came", NULL},
        {"headers", 0, 0, G_OPTION_ARG_NONE, &flags.headers, "All header fields", NULL},
        {"part", 0, 0, G_OPTION_ARG_INT, &flags.part, "The decoded bytes of part N", "N"},
        {"html", 0, 0, G_OPTION_ARG_NONE, &flags.html, "The HTML source, made safe", NULL},
        G_OPTION_ENTRY_NULL,
    };
    if (!command_options(context, &command_show, entries, 1, -1, &argc, &argv, error) ||
        !check(context, &flags, argv + 1, error) ||
        !context_meet(context, NEED_CONFIG | NEED_VAULT | NEED_KEY, error))
        return POSTERN_ERROR_USAGE;
    return show_all(context, argv + 1, &flags, error) ? 0 : POSTERN_ERROR_INPUT;
}

const Command command_show = {
    .name = "show",
    .usage = "ID …|thread:ID [--raw|--headers|--part N|--html]",
    .summary = "Shows a message, decrypted and verified",
    .needs = NEED_NOTHING, /* a wrong call is told before anything is unlocked */
    .run = run,
};
