/* postern save: attachments, as files. */
#include <stdio.h>

#include "cli/command.h"
#include "cli/json.h"
#include "cli/output.h"
#include "cli/reading.h"
#include "core/error.h"
#include "core/filename.h"
#include "core/limits.h"
#include "core/paths.h"
#include "core/text.h"

#define PART_UNSAID G_MININT

typedef struct {
    const Context *context;
    const char *dir;
    const Reading *reading;
    JsonBuilder *saved; /* an array that is open */
    guint count;
} Saving;

/* The bytes of part N; of an encrypted file what is in it. */
static GBytes *part_bytes(const Reading *reading, guint n, GError **error)
{
    if (!reading_part_closed(reading, n))
        return message_part_bytes(reading->message, n);
    g_autoptr(Reading) part = reading_open_part(reading, n, error);
    if (part && part->file)
        return g_bytes_ref(part->file);
    g_autofree char *mend = g_strdup_printf("read it with 'postern show --part %u'", n);
    if (part)
        refuse(error, POSTERN_ERROR_INPUT, "message.part", mend,
               "part %u is an encrypted message and no file", n);
    return NULL;
}

static const char *ending_of(const char *type)
{
    static const char *const endings[][2] = {
        {"text/plain", ".txt"},      {"text/html", ".html"}, {"message/rfc822", ".eml"},
        {"application/pdf", ".pdf"}, {"image/jpeg", ".jpg"}, {"image/png", ".png"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(endings); i++)
        if (g_strcmp0(type, endings[i][0]) == 0)
            return endings[i][1];
    return "";
}

/* What was encrypted is not called so any more. */
static char *name_of(const Saving *saving, const PartInfo *info)
{
    static const char *const wrappings[] = {".pgp", ".gpg", ".asc"};
    g_autofree char *otherwise = g_strdup_printf("part-%u%s", info->n, ending_of(info->type));
    char *name = filename_safe(info->filename, otherwise);
    for (gsize i = 0; reading_part_closed(saving->reading, info->n) && i < G_N_ELEMENTS(wrappings);
         i++)
        if (g_str_has_suffix(name, wrappings[i]) && name[4] != '\0') {
            name[strlen(name) - 4] = '\0';
            break;
        }
    return name;
}

static void tell(Saving *saving, const PartInfo *info, const char *path, gsize size)
{
    saving->count++;
    if (saving->context->json) {
        json_builder_begin_object(saving->saved);
        json_int(saving->saved, "part", info->n);
        json_string(saving->saved, "file", path);
        json_string(saving->saved, "filename", info->filename);
        json_string(saving->saved, "type", info->type);
        json_int(saving->saved, "size", (gint64)size);
        json_builder_end_object(saving->saved);
    } else if (!saving->context->quiet) {
        g_autofree char *shown = text_name(path);
        printf("%s\n", shown);
    }
}

static gboolean save_part(Saving *saving, const PartInfo *info, GError **error)
{
    g_autoptr(GBytes) bytes = part_bytes(saving->reading, info->n, error);
    if (bytes == NULL)
        return FALSE;
    gsize size;
    const void *data = g_bytes_get_data(bytes, &size);
    g_autofree char *name = name_of(saving, info);
    g_autofree char *path = NULL;
    if (!path_write_new(saving->dir, name, data, size, &path, error))
        return FALSE;
    tell(saving, info, path, size);
    return TRUE;
}

/* What is encrypted by itself wants a key, perhaps a card: only who asks for it is asked. */
static gboolean save_attachments(Saving *saving, GError **error)
{
    const Message *message = saving->reading->message;
    for (guint n = 1; n <= message_part_count(message); n++) {
        const PartInfo *info = message_part(message, n);
        if (info->multipart || !info->attachment)
            continue;
        if (reading_part_closed(saving->reading, n))
            output_note("part %u is encrypted: save it with --part %u", n, n);
        else if (!save_part(saving, info, error))
            return FALSE;
    }
    if (message_truncated(message))
        output_note("the message holds more than could be read, perhaps more attachments too");
    return TRUE;
}

static gboolean save_one(Saving *saving, int part, GError **error)
{
    const PartInfo *info = message_part(saving->reading->message, (guint)part);
    if (info && (!info->multipart || reading_part_closed(saving->reading, info->n)))
        return save_part(saving, info, error);
    return reading_no_part(saving->reading->message, part, error);
}

static gboolean save(Saving *saving, const char *id, int part, GError **error)
{
    g_autoptr(Reading) reading = reading_fetch(saving->context, id, NULL, error);
    if (reading == NULL)
        return FALSE;
    if (reading->locked) {
        g_propagate_error(error, g_error_copy(reading->locked));
        return FALSE;
    }
    saving->reading = reading;
    return part == PART_UNSAID ? save_attachments(saving, error) : save_one(saving, part, error);
}

static int report(const Saving *saving)
{
    if (saving->context->json) {
        json_builder_end_array(saving->saved);
        output_json(saving->saved);
    }
    if (saving->count > 0)
        return 0;
    output_note("nothing is attached to it");
    return POSTERN_ANSWER_NO;
}

static int run(Context *context, int argc, char **argv, GError **error)
{
    int part = PART_UNSAID;
    g_autofree char *dir = NULL;
    const GOptionEntry entries[] = {
        {"part", 0, 0, G_OPTION_ARG_INT, &part, "Part N alone", "N"},
        {"to", 0, 0, G_OPTION_ARG_FILENAME, &dir, "Where to; else here", "DIR"},
        G_OPTION_ENTRY_NULL,
    };
    if (!command_options(context, &command_save, entries, 1, 1, &argc, &argv, error))
        return POSTERN_ERROR_USAGE;
    if (part != PART_UNSAID && part < 1) {
        refuse(error, POSTERN_ERROR_USAGE, "usage", "'postern show' lists them",
               "parts are counted from 1");
        return POSTERN_ERROR_USAGE;
    }
    if (!context_meet(context, NEED_CONFIG | NEED_VAULT | NEED_KEY, error))
        return POSTERN_ERROR_USAGE;
    g_autoptr(JsonBuilder) saved = json_builder_new();
    json_builder_begin_array(saved);
    Saving saving = {.context = context, .dir = dir ? dir : ".", .saved = saved};
    return save(&saving, argv[1], part, error) ? report(&saving) : POSTERN_ERROR_INPUT;
}

const Command command_save = {
    .name = "save",
    .usage = "ID [--part N] [--to DIR]",
    .summary = "Saves what is attached to a message, never over another file",
    .needs = NEED_NOTHING, /* a wrong call is told before anything is unlocked */
    .run = run,
};
