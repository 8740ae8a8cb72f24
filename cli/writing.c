/* See writing.h. */
#include "cli/writing.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "cli/output.h"
#include "core/error.h"
#include "core/limits.h"
#include "core/text.h"
#include "policy/outgoing.h"

void writing_clear(Writing *writing)
{
    g_strfreev(writing->to);
    g_strfreev(writing->cc);
    g_strfreev(writing->bcc);
    g_strfreev(writing->attach);
    g_free(writing->subject);
    g_free(writing->body);
    g_free(writing->from);
    g_free(writing->sensitivity);
    g_free(writing->dsn);
}

static gboolean is_named(const GOptionEntry *entries, guint n, const char *name)
{
    for (guint i = 0; i < n; i++)
        if (g_strcmp0(entries[i].long_name, name) == 0)
            return TRUE;
    return FALSE;
}

GOptionEntry *writing_options(Writing *writing, const GOptionEntry *more)
{
    const GOptionEntry own[] = {
        {"to", 0, 0, G_OPTION_ARG_STRING_ARRAY, &writing->to, "Recipients (may be repeated)", "A"},
        {"cc", 0, 0, G_OPTION_ARG_STRING_ARRAY, &writing->cc, "Copies", "A"},
        {"bcc", 0, 0, G_OPTION_ARG_STRING_ARRAY, &writing->bcc, "Hidden copies", "A"},
        {"subject", 0, 0, G_OPTION_ARG_STRING, &writing->subject, "Subject", "S"},
        {"attach", 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &writing->attach, "Attach a file", "FILE"},
        {"body", 0, 0, G_OPTION_ARG_FILENAME, &writing->body, "The text; - is standard input",
         "FILE"},
        {"from", 0, 0, G_OPTION_ARG_STRING, &writing->from, "One of your addresses", "A"},
        {"sign", 0, 0, G_OPTION_ARG_NONE, &writing->sign, "Sign, or do not send", NULL},
        {"no-sign", 0, 0, G_OPTION_ARG_NONE, &writing->no_sign, "Do not sign", NULL},
        {"encrypt", 0, 0, G_OPTION_ARG_NONE, &writing->encrypt, "Encrypt, or do not send", NULL},
        {"no-encrypt", 0, 0, G_OPTION_ARG_NONE, &writing->no_encrypt,
         "Do not encrypt (where policy allows)", NULL},
        {"sensitivity", 0, 0, G_OPTION_ARG_STRING, &writing->sensitivity,
         "Mark it personal, private or company-confidential, and encrypt", "MARK"},
        {"dsn", 0, 0, G_OPTION_ARG_STRING, &writing->dsn,
         "Notices of its delivery: never, or some of success,failure,delay", "WORDS"},
        {"dry-run", 0, 0, G_OPTION_ARG_NONE, &writing->dry_run, "Print what would leave", NULL},
        {"queue", 0, 0, G_OPTION_ARG_NONE, &writing->queue, "Put it into the outbox, send it later",
         NULL},
        G_OPTION_ENTRY_NULL,
    };
    g_autoptr(GArray) all = g_array_new(FALSE, FALSE, sizeof(GOptionEntry));
    for (; more && more->long_name; more++)
        g_array_append_val(all, *more);
    guint n = all->len;
    for (gsize i = 0; i < G_N_ELEMENTS(own); i++)
        if (!is_named((const GOptionEntry *)(void *)all->data, n, own[i].long_name))
            g_array_append_val(all, own[i]);
    return (GOptionEntry *)(void *)g_array_free(g_steal_pointer(&all), FALSE);
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

gboolean writing_edits(const Writing *writing)
{
    return writing->body == NULL && isatty(STDIN_FILENO);
}

char *writing_body(const Writing *writing, GError **error)
{
    const char *body = writing->body;
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
    } else if (writing_edits(writing)) {
        return g_strdup("");
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

static gboolean set_sensitivity(Letter *letter, const char *wanted, GError **error)
{
    letter->sensitivity = wanted ? letter_mark(wanted) : NULL;
    if (wanted == NULL || letter->sensitivity)
        return TRUE;
    g_autofree char *shown = word_shown(wanted);
    return refuse(error, POSTERN_ERROR_USAGE, "usage",
                  "say personal, private or company-confidential", "%s is no mark of sensitivity",
                  shown);
}

static gboolean add_attachments(const Writing *writing, Letter *letter, GError **error)
{
    for (char **path = writing->attach; path && *path; path++) {
        if (!outgoing_value("--attach", *path, error))
            return FALSE;
        g_ptr_array_add(letter->attachments, g_strdup(*path));
    }
    return TRUE;
}

static void know(GHashTable *known, const GPtrArray *mailboxes)
{
    for (guint i = 0; i < mailboxes->len; i++)
        g_hash_table_add(known, g_strdup(((Mailbox *)mailboxes->pdata[i])->address));
}

gboolean writing_fill(const Writing *writing, const Account *account, Letter *letter,
                      GError **error)
{
    g_autoptr(GHashTable) known = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    know(known, letter->to);
    know(known, letter->cc);
    if (!posting_from(letter, account, writing->from, error) ||
        !add_recipients(letter->to, known, "--to", writing->to, error) ||
        !add_recipients(letter->cc, known, "--cc", writing->cc, error) ||
        !add_recipients(letter->bcc, known, "--bcc", writing->bcc, error) ||
        (writing->subject && !outgoing_value("--subject", writing->subject, error)) ||
        !set_sensitivity(letter, writing->sensitivity, error))
        return FALSE;
    return (writing_edits(writing) || posting_counts(letter, "name one with --to", error)) &&
           add_attachments(writing, letter, error);
}

static Wish wish(gboolean yes, gboolean no)
{
    return yes ? WISH_YES : no ? WISH_NO : WISH_AUTO;
}

gboolean writing_check(Writing *writing, GError **error)
{
    const char *what = writing->sign && writing->no_sign         ? "sign"
                       : writing->encrypt && writing->no_encrypt ? "encrypt"
                                                                 : NULL;
    if (what)
        return refuse(error, POSTERN_ERROR_USAGE, "usage", "leave one of the two out",
                      "--%s and --no-%s contradict each other", what, what);
    return writing->dsn == NULL || notice_read(writing->dsn, &writing->notice, error);
}

Posting writing_posting(const Writing *writing)
{
    return (Posting){
        .wishes = {wish(writing->encrypt, writing->no_encrypt),
                   wish(writing->sign, writing->no_sign)},
        .dry_run = writing->dry_run,
        .queue = writing->queue,
        .notice = writing->notice,
    };
}
