/* postern send: composes, protects and sends one letter. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/command.h"
#include "cli/output.h"
#include "cli/posting.h"
#include "core/error.h"
#include "core/limits.h"
#include "core/text.h"
#include "policy/outgoing.h"

typedef struct {
    char **to, **cc, **bcc, **attach;
    char *subject, *body, *from, *sensitivity;
    gboolean sign, no_sign, encrypt, no_encrypt, dry_run;
} Flags;

static void flags_clear(Flags *flags)
{
    g_strfreev(flags->to);
    g_strfreev(flags->cc);
    g_strfreev(flags->bcc);
    g_strfreev(flags->attach);
    g_free(flags->subject);
    g_free(flags->body);
    g_free(flags->from);
    g_free(flags->sensitivity);
}

/* Who is KNOWN already gets no second letter. */
static gboolean add_recipients(GPtrArray *list, GHashTable *known, const char *flag, char **values,
                               GError **error)
{
    for (; values && *values; values++) {
        if (!outgoing_value(flag, *values, error))
            return FALSE;
        g_autoptr(GPtrArray) parsed = address_parse_list(*values, error);
        if (parsed == NULL)
            return FALSE;
        while (parsed->len > 0) {
            g_autoptr(Mailbox) mailbox = g_ptr_array_steal_index(parsed, 0);
            if (g_hash_table_add(known, g_strdup(mailbox->address)))
                g_ptr_array_add(list, g_steal_pointer(&mailbox));
        }
    }
    return TRUE;
}

static gboolean check_text(const char *text, gsize size, GError **error)
{
    const char *nul = memchr(text, 0, size), *wrong;
    if (nul == NULL && g_utf8_validate(text, (gssize)size, &wrong))
        return TRUE;
    const char *at = nul ? nul : wrong;
    guint line = 1;
    for (const char *c = text; c < at; c++)
        line += *c == '\n';
    return refuse(error, POSTERN_ERROR_INPUT, "send.body",
                  nul ? "take it out, or send the file with --attach"
                      : "save it as UTF-8, or send the file with --attach",
                  nul ? "line %u of the text holds a NUL byte, which no mail may"
                      : "line %u of the text is not UTF-8",
                  line);
}

/* The text from --body FILE, --body - or, when stdin is no terminal, stdin. */
static char *read_body(const char *body, GError **error)
{
    g_autofree char *text = NULL;
    gsize size = 0;
    if (body && strcmp(body, "-") != 0) {
        if (!g_file_get_contents(body, &text, &size, NULL)) {
            g_autofree char *name = text_name(body);
            refuse(error, POSTERN_ERROR_INPUT, "send.body",
                   "name a file that you may read, or - for standard input",
                   "the text cannot be read from %s: %s", name, g_strerror(errno));
            return NULL;
        }
    } else if (body == NULL && isatty(STDIN_FILENO)) {
        refuse(error, POSTERN_ERROR_USAGE, "usage", "name a file with --body, or pipe it in",
               "no text given");
        return NULL;
    } else {
        if (isatty(STDIN_FILENO))
            output_note("write the text; Ctrl-D at the beginning of a line ends it");
        g_autoptr(GByteArray) all = g_byte_array_new();
        guint8 buffer[16 * 1024];
        ssize_t got;
        while ((got = read(STDIN_FILENO, buffer, sizeof buffer)) > 0 || (got < 0 && errno == EINTR))
            g_byte_array_append(all, buffer, got > 0 ? (guint)got : 0);
        size = all->len;
        g_byte_array_append(all, (const guint8 *)"", 1);
        text = (char *)g_byte_array_free(g_steal_pointer(&all), FALSE);
    }
    return check_text(text, size, error) ? g_steal_pointer(&text) : NULL;
}

/* RFC 2156 knows three marks. */
static gboolean set_sensitivity(Letter *letter, const char *wanted, GError **error)
{
    static const char *const marks[] = {"personal", "private", "company-confidential"};
    for (gsize i = 0; wanted && i < G_N_ELEMENTS(marks); i++)
        if (g_ascii_strcasecmp(wanted, marks[i]) == 0)
            letter->sensitivity = marks[i];
    if (wanted == NULL || letter->sensitivity)
        return TRUE;
    g_autofree char *shown = word_shown(wanted);
    return refuse(error, POSTERN_ERROR_USAGE, "usage",
                  "say personal, private or company-confidential", "%s is no mark of sensitivity",
                  shown);
}

static Letter *compose(const Flags *flags, const Account *account, GError **error)
{
    g_autoptr(Letter) letter = letter_new();
    g_autoptr(GHashTable) known = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    if (!posting_from(letter, account, flags->from, error) ||
        !add_recipients(letter->to, known, "--to", flags->to, error) ||
        !add_recipients(letter->cc, known, "--cc", flags->cc, error) ||
        !add_recipients(letter->bcc, known, "--bcc", flags->bcc, error) ||
        (flags->subject && !outgoing_value("--subject", flags->subject, error)) ||
        !set_sensitivity(letter, flags->sensitivity, error))
        return NULL;
    guint recipients = letter->to->len + letter->cc->len + letter->bcc->len;
    if (recipients == 0 || recipients > LIMIT_RECIPIENTS) {
        refuse(error, recipients ? POSTERN_ERROR_INPUT : POSTERN_ERROR_USAGE, "send.recipients",
               recipients ? "send it in several letters" : "name one with --to",
               "a letter has 1 to %d recipients, not %u", LIMIT_RECIPIENTS, recipients);
        return NULL;
    }
    for (char **path = flags->attach; path && *path; path++) {
        if (!outgoing_value("--attach", *path, error))
            return NULL;
        g_ptr_array_add(letter->attachments, g_strdup(*path));
    }
    letter->subject = g_strdup(flags->subject ? flags->subject : "");
    letter->body = read_body(flags->body, error);
    return letter->body ? g_steal_pointer(&letter) : NULL;
}

static Wish wish(gboolean yes, gboolean no)
{
    return yes ? WISH_YES : no ? WISH_NO : WISH_AUTO;
}

static gboolean check(const Flags *flags, GError **error)
{
    const char *what = flags->sign && flags->no_sign         ? "sign"
                       : flags->encrypt && flags->no_encrypt ? "encrypt"
                                                             : NULL;
    return what == NULL || refuse(error, POSTERN_ERROR_USAGE, "usage", "leave one of the two out",
                                  "--%s and --no-%s contradict each other", what, what);
}

static int send_letter(const Context *context, const Flags *flags, GError **error)
{
    const Account *account = posting_account(context->config, flags->from, error);
    g_autoptr(Letter) letter = account ? compose(flags, account, error) : NULL;
    if (letter == NULL)
        return POSTERN_ERROR_INPUT;
    const Posting posting = {
        .wishes = {wish(flags->encrypt, flags->no_encrypt), wish(flags->sign, flags->no_sign)},
        .dry_run = flags->dry_run,
    };
    return posting_run(context, account, letter, &posting, error);
}

static int run(Context *context, int argc, char **argv, GError **error)
{
    Flags flags = {0};
    const GOptionEntry entries[] = {
        {"to", 0, 0, G_OPTION_ARG_STRING_ARRAY, &flags.to, "Recipients (may be repeated)", "A"},
        {"cc", 0, 0, G_OPTION_ARG_STRING_ARRAY, &flags.cc, "Copies", "A"},
        {"bcc", 0, 0, G_OPTION_ARG_STRING_ARRAY, &flags.bcc, "Hidden copies", "A"},
        {"subject", 0, 0, G_OPTION_ARG_STRING, &flags.subject, "Subject", "S"},
        {"attach", 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &flags.attach, "Attach a file", "FILE"},
        {"body", 0, 0, G_OPTION_ARG_FILENAME, &flags.body, "The text; - is standard input", "FILE"},
        {"from", 0, 0, G_OPTION_ARG_STRING, &flags.from, "One of your addresses", "A"},
        {"sign", 0, 0, G_OPTION_ARG_NONE, &flags.sign, "Sign, or do not send", NULL},
        {"no-sign", 0, 0, G_OPTION_ARG_NONE, &flags.no_sign, "Do not sign", NULL},
        {"encrypt", 0, 0, G_OPTION_ARG_NONE, &flags.encrypt, "Encrypt, or do not send", NULL},
        {"no-encrypt", 0, 0, G_OPTION_ARG_NONE, &flags.no_encrypt,
         "Do not encrypt (where policy allows)", NULL},
        {"sensitivity", 0, 0, G_OPTION_ARG_STRING, &flags.sensitivity,
         "Mark it personal, private or company-confidential, and encrypt", "MARK"},
        {"dry-run", 0, 0, G_OPTION_ARG_NONE, &flags.dry_run, "Print what would leave", NULL},
        G_OPTION_ENTRY_NULL,
    };
    int code = POSTERN_ERROR_USAGE;
    if (command_options(context, &command_send, entries, 0, 0, &argc, &argv, error) &&
        check(&flags, error))
        code = send_letter(context, &flags, error);
    flags_clear(&flags);
    return code;
}

const Command command_send = {
    .name = "send",
    .usage = "--to A [--cc A] [--bcc A] [--subject S] [--attach F] [--body F|-] …",
    .summary = "Sends a letter, signed and encrypted where it can be",
    .needs = NEED_CONFIG | NEED_VAULT,
    .run = run,
};
