/* postern sendmail: takes a message as /usr/sbin/sendmail does, from cron, mutt or git. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "cli/command.h"
#include "cli/posting.h"
#include "core/error.h"
#include "core/limits.h"
#include "core/text.h"
#include "crypto/pgp.h"
#include "mime/address.h"
#include "mime/given.h"
#include "mime/rfc2047.h"
#include "policy/outgoing.h"

typedef struct {
    gboolean from_headers; /* -t */
    gboolean dots;         /* -i: a dot alone is text */
    gboolean queue;        /* -odq */
    const char *from;      /* -f, -r */
    const char *name;      /* -F */
    Notice notice;         /* -N, -V */
    char *const *recipients;
} Flags;

/* --- flags --------------------------------------------------------------------------------- */

/* Modes of other programs under that name, and what does the same here. */
static gboolean refuse_mode(const char *flag, GError **error)
{
    const char *mend = strcmp(flag, "-bp") == 0       ? "write 'postern outbox'"
                       : g_str_has_prefix(flag, "-q") ? "write 'postern outbox flush'"
                       : strcmp(flag, "-bs") == 0     ? "give it the message itself"
                                                      : "leave it out";
    g_autofree char *shown = word_shown(flag);
    return refuse(error, POSTERN_ERROR_USAGE, "usage", mend, "sendmail does not do %s here", shown);
}

/* -fA or -f A: what stands behind the letter. */
static const char *argument(char *const **at)
{
    const char *word = **at;
    if (word[2] != '\0')
        return word + 2;
    if ((*at)[1] == NULL)
        return NULL;
    (*at)++;
    return **at;
}

static gboolean take_option(Flags *flags, const char *value)
{
    if (strcmp(value, "i") == 0)
        flags->dots = TRUE;
    else if (strcmp(value, "dq") == 0)
        flags->queue = TRUE;
    return TRUE; /* delivery and error modes that change nothing: -oem, -odb, -om … */
}

static gboolean refuse_name(GError **error)
{
    return refuse(error, POSTERN_ERROR_USAGE, "usage", "give a short one, or leave it out",
                  "-V wants up to %d printable letters of ASCII", NOTICE_ID);
}

static gboolean take_valued(Flags *flags, char letter, char *const **at, GError **error)
{
    const char *value = argument(at);
    if (value == NULL) {
        const char word[] = {'-', letter, '\0'};
        return refuse(error, POSTERN_ERROR_USAGE, "usage", "name it", "%s wants a value", word);
    }
    switch (letter) {
    case 'f':
    case 'r': flags->from = value; return TRUE;
    case 'F': flags->name = value; return TRUE;
    case 'o': return take_option(flags, value);
    case 'N': return notice_read(value, &flags->notice, error);
    case 'V': return notice_name(&flags->notice, value) || refuse_name(error);
    default: return TRUE; /* -B -h -L -O -p -R -X change nothing */
    }
}

static gboolean take_flag(Flags *flags, char *const **at, GError **error)
{
    const char *word = **at;
    char letter = word[1];
    gboolean alone = word[2] == '\0';
    if (strchr("fFroBhLNOpRVX", letter))
        return take_valued(flags, letter, at, error);
    if (letter == 't' && alone)
        flags->from_headers = TRUE;
    else if (letter == 'i' && alone)
        flags->dots = TRUE;
    else if (strcmp(word, "-ti") == 0 || strcmp(word, "-it") == 0)
        flags->from_headers = flags->dots = TRUE;
    else if (letter == 'b' || letter == 'q')
        return strcmp(word, "-bm") == 0 || refuse_mode(word, error);
    else if (letter != 'e' && !(strchr("mnUvGA", letter) && alone)) {
        g_autofree char *shown = word_shown(word);
        return refuse(error, POSTERN_ERROR_USAGE, "usage", "see postern(1)",
                      "sendmail knows no %s here", shown);
    }
    return TRUE;
}

static gboolean read_flags(Flags *flags, char *const *argv, GError **error)
{
    char *const *at = argv + 1;
    for (; *at && **at == '-' && (*at)[1]; at++) {
        if (strcmp(*at, "--") == 0) {
            at++;
            break;
        }
        if (!take_flag(flags, &at, error))
            return FALSE;
    }
    flags->recipients = at;
    for (; *at; at++)
        if (**at == '-')
            return refuse(error, POSTERN_ERROR_USAGE, "usage", "write flags before the recipients",
                          "a recipient begins with -");
    return TRUE;
}

/* --- the message --------------------------------------------------------------------------- */

static gboolean too_large(GError **error)
{
    return refuse(error, POSTERN_ERROR_INPUT, "message.size", "send less at once",
                  "the message on standard input is larger than %d MiB",
                  LIMIT_VIEW_BYTES / (1024 * 1024));
}

/* Where a line holds a dot alone, or the size. */
static gsize dot_at(const GByteArray *all)
{
    const char *data = (const char *)all->data;
    for (gsize i = 0; i < all->len; i++) {
        gsize end = i + 1;
        if (data[i] != '.' || (i > 0 && data[i - 1] != '\n'))
            continue;
        if (end < all->len && data[end] == '\r')
            end++;
        if (end == all->len || data[end] == '\n')
            return i;
    }
    return all->len;
}

static GBytes *read_message(const Flags *flags, GError **error)
{
    g_autoptr(GByteArray) all = g_byte_array_new();
    guint8 buffer[16 * 1024];
    ssize_t got;
    while ((got = read(STDIN_FILENO, buffer, sizeof buffer)) > 0 || (got < 0 && errno == EINTR)) {
        g_byte_array_append(all, buffer, got > 0 ? (guint)got : 0);
        if (all->len > LIMIT_VIEW_BYTES) {
            (void)too_large(error);
            return NULL;
        }
    }
    if (got < 0) {
        refuse(error, POSTERN_ERROR_INPUT, "message.file", "give it a file or a pipe",
               "standard input cannot be read: %s", g_strerror(errno));
        return NULL;
    }
    gsize size = flags->dots ? all->len : dot_at(all);
    return g_bytes_new(all->data, size);
}

/* --- addresses ------------------------------------------------------------------------------ */

static gboolean is_bare(const char *word)
{
    return *word && strspn(word, G_CSET_A_2_Z G_CSET_a_2_z G_CSET_DIGITS "._+-") == strlen(word);
}

/* A name without a domain is somebody of this machine, whose mail is the account's. */
static char *qualified(const char *list, const char *own)
{
    g_auto(GStrv) words = g_strsplit(list, ",", -1);
    for (char **word = words; *word; word++) {
        g_strstrip(*word);
        if (is_bare(*word)) {
            g_free(*word);
            *word = g_strdup(own);
        }
    }
    return g_strjoinv(", ", words);
}

/* Name and all of a From without a domain, as cron writes it: the account's address, its name. */
static char *local_sender(const char *from, const Flags *flags)
{
    g_autofree char *decoded = from ? rfc2047_decode(from) : NULL;
    char *bracket = decoded ? strchr(decoded, '<') : NULL;
    if (bracket)
        *bracket = '\0';
    char *name = flags->name ? g_strdup(flags->name) : bracket ? g_strdup(decoded) : NULL;
    if (name)
        g_strstrip(g_strdelimit(name, "\"()", ' '));
    return name;
}

typedef struct {
    const Context *context;
    const Flags *flags;
    const Account *account;
    Given *given;
    char *own; /* the account's address alone */
} Mail;

static gboolean set_sender(Mail *self, GError **error)
{
    Letter *letter = self->given->letter;
    g_autoptr(Letter) trial = letter_new();
    if (self->flags->from && !is_bare(self->flags->from) &&
        !posting_from(trial, self->account, self->flags->from, error))
        return FALSE;
    const char *written = self->given->from;
    const char *from = written && strchr(written, '@') ? written
                       : !written && self->flags->from && strchr(self->flags->from, '@')
                           ? self->flags->from
                           : NULL;
    if (!posting_from(letter, self->account, from, error))
        return FALSE;
    if (from && letter->from->name) {
        char *name = rfc2047_decode(letter->from->name);
        g_free(letter->from->name);
        letter->from->name = name;
    }
    g_autofree char *name = from == written && written ? NULL : local_sender(written, self->flags);
    if (name && *name) {
        if (!outgoing_value("-F", name, error))
            return FALSE;
        g_free(letter->from->name);
        letter->from->name = g_steal_pointer(&name);
    }
    return TRUE;
}

/* Who stands in To or Cc is seen by the others, and nobody else. */
static gboolean add_recipients(const Mail *self, GHashTable *known, const char *list,
                               gboolean visible, GError **error)
{
    Letter *letter = self->given->letter;
    if (!outgoing_value("a recipient", list, error))
        return FALSE;
    g_autofree char *whole = qualified(list, self->own);
    g_autoptr(GPtrArray) parsed = address_parse_list(whole, error);
    if (parsed == NULL)
        return FALSE;
    while (parsed->len > 0) {
        g_autoptr(Mailbox) mailbox = g_ptr_array_steal_index(parsed, 0);
        gboolean seen = visible || address_among(letter->shown_to, mailbox->address) ||
                        address_among(letter->shown_cc, mailbox->address);
        if (g_hash_table_add(known, g_strdup(mailbox->address)))
            g_ptr_array_add(seen ? letter->to : letter->bcc, g_steal_pointer(&mailbox));
    }
    return TRUE;
}

/* "undisclosed-recipients:;" and its like name nobody. */
static gboolean is_nobody(const char *list)
{
    gsize size = strlen(list);
    return size >= 2 && list[size - 1] == ';' && strchr(list, '@') == NULL;
}

static gboolean set_recipients(const Mail *self, GError **error)
{
    const Given *given = self->given;
    const Letter *letter = given->letter;
    g_autoptr(GHashTable) known = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    const char *const lists[] = {given->to, given->cc, given->bcc};
    if (self->flags->from_headers && given->resent)
        return refuse(error, POSTERN_ERROR_INPUT, "send.resent", "name the recipients, without -t",
                      "the message has Resent- fields, and who is meant by -t cannot be told");
    for (gsize i = 0; self->flags->from_headers && i < G_N_ELEMENTS(lists); i++)
        if (lists[i] && !is_nobody(lists[i]) &&
            !add_recipients(self, known, lists[i], i < 2, error))
            return FALSE;
    for (char *const *one = self->flags->recipients; *one; one++)
        if (!add_recipients(self, known, *one, FALSE, error))
            return FALSE;
    return posting_counts(letter, "name one, or take them from it by -t", error);
}

/* --- all of it ------------------------------------------------------------------------------ */

static int send_mail(Mail *self, GError **error)
{
    const Given *given = self->given;
    const Config *config = self->context->config;
    const char *from = given->from ? given->from : self->flags->from;
    self->account = posting_account(config, from, error);
    g_autoptr(Mailbox) own = self->account ? address_parse(self->account->address, error) : NULL;
    if (own == NULL)
        return POSTERN_ERROR_POLICY;
    self->own = own->address;
    if (!set_sender(self, error) || !set_recipients(self, error))
        return POSTERN_ERROR_INPUT;
    const Posting posting = {
        .wishes = {.encrypt = given->is_protected ? WISH_LEAST : WISH_AUTO,
                   .sign = given->is_protected ? WISH_NO : WISH_AUTO,
                   .unattended = TRUE},
        .identity = given->identity,
        .fragile = !given->seven_bit,
        .queue = self->flags->queue,
        .notice = self->flags->notice,
    };
    return posting_run(self->context, self->account, given->letter, &posting, error);
}

static int run(Context *context, int argc, char **argv, GError **error)
{
    Flags flags = {0};
    char *alone[] = {argv[0], argc > 1 ? argv[1] : NULL, NULL};
    gboolean help = argc == 2 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0);
    int count = help ? 2 : 1;
    char **words = alone;
    alone[count] = NULL;
    if ((!help && !read_flags(&flags, argv, error)) ||
        !command_options(context, &command_sendmail, NULL, 0, 0, &count, &words, error))
        return POSTERN_ERROR_USAGE;
    pgp_ask_nobody();
    context->quiet = !context->verbose; /* cron mails what is said */
    g_autoptr(GBytes) raw = read_message(&flags, error);
    g_autoptr(Given) given = raw ? given_read(raw, error) : NULL;
    Mail mail = {.context = context, .flags = &flags, .given = given};
    return given ? send_mail(&mail, error) : POSTERN_ERROR_INPUT;
}

const Command command_sendmail = {
    .name = "sendmail",
    .usage = "[-t] [-i] [-f A] [-F NAME] [-N WORDS] [A…]",
    .summary = "Sends a message from standard input, like /usr/sbin/sendmail",
    .needs = NEED_CONFIG | NEED_VAULT,
    .run = run,
};
