/* postern reply: answers a letter. */
#include "cli/command.h"
#include "cli/composing.h"
#include "cli/original.h"
#include "cli/output.h"
#include "cli/rsvp.h"
#include "core/error.h"
#include "core/text.h"
#include "mime/answer.h"

typedef struct {
    Writing writing;
    RsvpFlags rsvp;
    gboolean all, list, no_quote;
} Flags;

static AnswerWhom whom(const Flags *flags)
{
    return flags->list ? ANSWER_LIST : flags->all ? ANSWER_ALL : ANSWER_SENDER;
}

/* With --to, nobody else is needed. */
static gboolean find_recipients(const Context *context, const Flags *flags,
                                const Original *original, Letter *letter, GError **error)
{
    g_autoptr(GError) nobody = NULL;
    g_auto(GStrv) own = own_addresses(context->config);
    const Message *message = original->reading->message;
    if (answer_recipients(letter, message, whom(flags), own, &nobody))
        return TRUE;
    if (flags->writing.to && g_strcmp0(postern_error_rule(nobody), "reply.address") == 0)
        return TRUE;
    g_propagate_error(error, g_steal_pointer(&nobody));
    return FALSE;
}

/* The user's own text, and the quote under it. */
static char *write_body(const Flags *flags, const Original *original, GError **error)
{
    g_autofree char *own = writing_body(&flags->writing, error);
    gboolean in_clear = original->sealed && flags->writing.no_encrypt;
    if (own == NULL || flags->no_quote)
        return g_steal_pointer(&own);
    if (in_clear) {
        output_note("the letter came encrypted: in clear, nothing of it is quoted");
        return g_steal_pointer(&own);
    }
    g_autofree char *text = original_text(original);
    if (*text == '\0')
        return g_steal_pointer(&own);
    g_autofree char *quote = answer_quote(original->reading->message, text);
    return g_strconcat(own, g_str_has_suffix(own, "\n") ? "\n" : "\n\n", quote, NULL);
}

static void note_recipient(const Context *context, const Letter *letter, const Original *original)
{
    if (context->quiet || !answer_misses_sender(letter, original->reading->message))
        return;
    g_autofree char *shown = text_address(((Mailbox *)letter->to->pdata[0])->address);
    output_note("as its sender asks, the answer goes to %s", shown);
}

static int answer(Context *context, const Flags *flags, const Original *original, GError **error)
{
    g_autoptr(Letter) letter = letter_new();
    g_autofree char *from = NULL;
    Posting posting;
    Writing writing = flags->writing; /* borrowed */
    const Account *account = original_account(context, original, &writing, &from, error);
    if (account == NULL || !find_recipients(context, flags, original, letter, error) ||
        !writing_fill(&writing, account, letter, error) ||
        !original_lead(original, "Re", &writing, letter, &posting, error) ||
        (letter->body = write_body(flags, original, error)) == NULL)
        return POSTERN_ERROR_INPUT;
    answer_thread(letter, original->reading->message);
    note_recipient(context, letter, original);
    if (writing_edits(&writing))
        return composing_start(context, letter, &posting, FALSE, error);
    return posting_run(context, account, letter, &posting, error);
}

static gboolean check(Flags *flags, GError **error)
{
    gboolean whom = flags->all || flags->list;
    if (rsvp_wanted(&flags->rsvp) && whom)
        return refuse(error, POSTERN_ERROR_USAGE, "usage", "leave --all and --list out",
                      "an answer to an invitation goes to its organizer");
    return writing_check(&flags->writing, error) &&
           (!rsvp_wanted(&flags->rsvp) || rsvp_check(&flags->rsvp, &flags->writing, error)) &&
           (!flags->all || !flags->list ||
            refuse(error, POSTERN_ERROR_USAGE, "usage", "leave one of the two out",
                   "--all and --list contradict each other"));
}

static int run(Context *context, int argc, char **argv, GError **error)
{
    Flags flags = {0};
    const GOptionEntry more[] = {
        {"all", 'a', 0, G_OPTION_ARG_NONE, &flags.all, "Everybody who has the letter too", NULL},
        {"list", 0, 0, G_OPTION_ARG_NONE, &flags.list, "The mailing list it came by", NULL},
        {"no-quote", 0, 0, G_OPTION_ARG_NONE, &flags.no_quote, "Do not quote the letter", NULL},
        {"accept", 0, 0, G_OPTION_ARG_NONE, &flags.rsvp.accept, "Come to the meeting", NULL},
        {"decline", 0, 0, G_OPTION_ARG_NONE, &flags.rsvp.decline, "Do not come", NULL},
        {"tentative", 0, 0, G_OPTION_ARG_NONE, &flags.rsvp.tentative, "Perhaps come", NULL},
        G_OPTION_ENTRY_NULL,
    };
    g_autofree GOptionEntry *entries = writing_options(&flags.writing, more);
    g_auto(Original) original = {0};
    int code = POSTERN_ERROR_USAGE;
    if (command_options(context, &command_reply, entries, 1, 1, &argc, &argv, error) &&
        check(&flags, error) && original_fetch(context, argv[1], &original, error))
        code = rsvp_wanted(&flags.rsvp)
                   ? rsvp_send(context, &flags.rsvp, &original, &flags.writing, error)
                   : answer(context, &flags, &original, error);
    writing_clear(&flags.writing);
    return code;
}

const Command command_reply = {
    .name = "reply",
    .usage =
        "ID [--all|--list] [--accept|--decline|--tentative] [--no-quote] [--body F|-] [--to A] …",
    .summary = "Answers a letter, encrypted when it was",
    .needs = NEED_NOTHING, /* a wrong call is told before anything is unlocked */
    .run = run,
};
