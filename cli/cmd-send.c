/* postern send: composes, protects and sends one letter. */
#include "cli/command.h"
#include "cli/composing.h"
#include "cli/writing.h"
#include "core/error.h"

static Letter *compose(const Writing *writing, const Account *account, GError **error)
{
    g_autoptr(Letter) letter = letter_new();
    if (!writing_fill(writing, account, letter, error))
        return NULL;
    letter->subject = g_strdup(writing->subject ? writing->subject : "");
    letter->body = writing_body(writing, error);
    return letter->body ? g_steal_pointer(&letter) : NULL;
}

static int send_letter(Context *context, const Writing *writing, GError **error)
{
    const Account *account = posting_account(context->config, writing->from, error);
    g_autoptr(Letter) letter = account ? compose(writing, account, error) : NULL;
    if (letter == NULL)
        return POSTERN_ERROR_INPUT;
    const Posting posting = writing_posting(writing);
    if (writing_edits(writing))
        return composing_start(context, letter, &posting, FALSE, error);
    return posting_run(context, account, letter, &posting, error);
}

static int run(Context *context, int argc, char **argv, GError **error)
{
    Writing writing = {0};
    g_autofree GOptionEntry *entries = writing_options(&writing, NULL);
    int code = POSTERN_ERROR_USAGE;
    if (command_options(context, &command_send, entries, 0, 0, &argc, &argv, error) &&
        writing_check(&writing, error))
        code = send_letter(context, &writing, error);
    writing_clear(&writing);
    return code;
}

const Command command_send = {
    .name = "send",
    .usage = "[--to A] [--cc A] [--bcc A] [--subject S] [--attach F] [--body F|-] …",
    .summary = "Sends a letter, signed and encrypted where it can be",
    .needs = NEED_CONFIG | NEED_VAULT,
    .run = run,
};
