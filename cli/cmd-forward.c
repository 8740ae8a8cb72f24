/* postern forward: passes a letter on, as text with its attachments or as a whole. */
#include "cli/command.h"
#include "cli/composing.h"
#include "cli/original.h"
#include "cli/output.h"
#include "core/error.h"
#include "core/filename.h"
#include "mime/address.h"
#include "mime/answer.h"

typedef struct {
    Writing writing;
    gboolean attach; /* the letter itself, rather than its text */
} Flags;

/* As it came; what it was encrypted to stays so. */
static void enclose_letter(const Flags *flags, const Original *original, Letter *letter)
{
    const char *subject = message_header(original->reading->message, "Subject");
    gboolean told = subject && !(original->sealed && flags->writing.no_encrypt);
    g_autofree char *base = filename_safe(told ? subject : NULL, "message");
    g_autofree char *name = g_strconcat(base, ".eml", NULL);
    letter_enclose(letter, name, "message/rfc822", original->raw);
    if (original->sealed)
        output_note("the letter goes as it came: who has not its key cannot open it");
}

static void enclose_parts(const Original *original, Letter *letter)
{
    const Message *message = original->reading->message;
    for (guint n = 1; n <= message_part_count(message); n++) {
        const PartInfo *info = message_part(message, n);
        if (info->multipart || !info->attachment)
            continue;
        g_autoptr(GBytes) bytes =
            reading_part_closed(original->reading, n) ? NULL : message_part_bytes(message, n);
        if (bytes)
            letter_enclose(letter, info->filename, info->type, bytes);
        else
            output_note("part %u is encrypted by itself, and is left out", n);
    }
    if (message_truncated(message))
        output_note("the message holds more than could be read: --attach passes on all of it");
}

/* Of one's own letter the copy says who got it unseen. */
static gboolean tells_bcc(const Context *context, const Message *message)
{
    g_auto(GStrv) own = own_addresses(context->config);
    g_autoptr(GPtrArray) from = message_addresses(message, "From");
    if (message_header(message, "Bcc") == NULL)
        return FALSE;
    for (char **one = own; *one; one++)
        if (address_among(from, *one))
            return TRUE;
    return FALSE;
}

static gboolean may_pass_on(const Context *context, const Flags *flags, const Original *original,
                            GError **error)
{
    if (flags->attach)
        return original->sealed || !tells_bcc(context, original->reading->message) ||
               refuse(error, POSTERN_ERROR_POLICY, "forward.bcc",
                      "leave --attach out, to pass its text on",
                      "your own letter, as it is, says who got it unseen by the others");
    if (original->reading->locked) {
        g_propagate_error(error, g_error_copy(original->reading->locked));
        return FALSE;
    }
    return !original->sealed || !flags->writing.no_encrypt ||
           refuse(error, POSTERN_ERROR_POLICY, "forward.sealed",
                  "leave --no-encrypt out, or pass it on as it came, with --attach",
                  "the letter came encrypted, and its text leaves only so");
}

/* The user's own text, which need not be; and below it the letter's. */
static char *write_body(const Flags *flags, const Original *original, GError **error)
{
    g_autofree char *own = writing_body(&flags->writing, error);
    if (own == NULL || flags->attach)
        return g_steal_pointer(&own);
    g_autofree char *text = original_text(original);
    g_autofree char *below = answer_forwarded(original->reading->message, text);
    gboolean none = *own == '\0' && !writing_edits(&flags->writing);
    const char *gap = none ? "" : g_str_has_suffix(own, "\n") ? "\n" : "\n\n";
    return g_strconcat(own, gap, below, NULL);
}

static int pass_on(Context *context, const Flags *flags, const Original *original, GError **error)
{
    g_autoptr(Letter) letter = letter_new();
    g_autofree char *from = NULL;
    Posting posting;
    Writing writing = flags->writing; /* borrowed */
    const Account *account = original_account(context, original, &writing, &from, error);
    if (account == NULL || !writing_fill(&writing, account, letter, error) ||
        !original_lead(original, "Fwd", &writing, letter, &posting, error) ||
        !may_pass_on(context, flags, original, error) ||
        (letter->body = write_body(flags, original, error)) == NULL)
        return POSTERN_ERROR_INPUT;
    if (flags->attach)
        enclose_letter(flags, original, letter);
    else
        enclose_parts(original, letter);
    if (writing_edits(&writing))
        return composing_start(context, letter, &posting, TRUE, error);
    return posting_run(context, account, letter, &posting, error);
}

static int run(Context *context, int argc, char **argv, GError **error)
{
    Flags flags = {0};
    const GOptionEntry more[] = {
        {"attach", 0, 0, G_OPTION_ARG_NONE, &flags.attach, "The whole letter, as it came", NULL},
        {"add", 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &flags.writing.attach, "Attach a file besides",
         "FILE"},
        G_OPTION_ENTRY_NULL,
    };
    g_autofree GOptionEntry *entries = writing_options(&flags.writing, more);
    g_auto(Original) original = {0};
    int code = POSTERN_ERROR_USAGE;
    if (command_options(context, &command_forward, entries, 1, 1, &argc, &argv, error) &&
        writing_check(&flags.writing, error) && original_fetch(context, argv[1], &original, error))
        code = pass_on(context, &flags, &original, error);
    writing_clear(&flags.writing);
    return code;
}

const Command command_forward = {
    .name = "forward",
    .usage = "ID --to A [--attach] [--add F] [--body F|-] …",
    .summary = "Passes a letter on, encrypted when it was",
    .needs = NEED_NOTHING, /* a wrong call is told before anything is unlocked */
    .run = run,
};
