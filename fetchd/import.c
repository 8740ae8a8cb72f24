/* See import.h. */
#include "fetchd/import.h"

#include "core/error.h"
#include "core/interrupt.h"
#include "core/limits.h"
#include "core/text.h"
#include "fetchd/keywatch.h"
#include "fetchd/sensitive.h"
#include "mime/message.h"
#include "net/mailboxname.h"
#include "store/matchkey.h"
#include "store/share.h"
#include "store/vault-import.h"
#include "store/vault-single.h"

#define PIECE (64 * 1024)

typedef struct {
    const ImportRun *run;
    ImportCount *count;
    VaultWriter *writer;
    SensitiveWatch *watch; /* where there are rules, else NULL */
    GByteArray *head;      /* of the message that is being read */
    guint64 messages, bytes;
} Import;

static void free_error(gpointer error)
{
    g_error_free(error);
}

void import_count_clear(ImportCount *count)
{
    g_clear_pointer(&count->faults, g_ptr_array_unref);
}

/* --- one message ----------------------------------------------------------------------------- */

static gboolean unusable(gpointer user, const GError *why, GError **error)
{
    Import *self = user;
    ImportCount *count = self->count;
    if (interrupted(self->run->stop_fd, error))
        return FALSE;
    count->unusable++;
    count->worst = postern_worse(count->worst, why->code);
    if (count->faults->len < IMPORT_FAULTS)
        g_ptr_array_add(count->faults, g_error_copy(why));
    return TRUE;
}

/* All of CONTENT into the writer and past the rules. */
static gboolean pour(Import *self, Source *content, gboolean *sound, GError **error)
{
    guint8 buffer[PIECE];
    gssize got;
    GError *failure = NULL;
    g_byte_array_set_size(self->head, 0);
    sensitive_watch_begin(self->watch);
    while ((got = source_read(content, buffer, sizeof buffer, &failure)) > 0) {
        gsize room = LIMIT_LOOK_HEADER - self->head->len;
        g_byte_array_append(self->head, buffer, (guint)MIN((gsize)got, room));
        sensitive_watch_write(self->watch, buffer, (gsize)got);
        if (!vault_message_write(self->writer, buffer, (gsize)got, error))
            return FALSE;
        self->bytes += (guint64)got;
    }
    *sound = got == 0;
    if (*sound)
        return TRUE;
    vault_message_abort(self->writer);
    gboolean fine = unusable(self, failure, error);
    g_error_free(failure);
    return fine;
}

/* The header alone: nobody knows what else there is. */
static gint64 date_of(const Import *self, const ArchiveMessage *message)
{
    g_autoptr(GBytes) head = g_bytes_new_static(self->head->data, self->head->len);
    g_autoptr(Message) parsed = message_parse(head);
    gint64 said = message_arrived(parsed), now = g_get_real_time() / G_USEC_PER_SEC;
    gint64 latest = message->date > 0 ? MIN(message->date, now) : now;
    return said > 0 && said <= latest ? said : latest;
}

static GStrv flags_of(const char *letters)
{
    static const struct {
        char letter;
        const char *flag;
    } known[] = {{'D', "\\Draft"},    {'F', "\\Flagged"}, {'P', "$Forwarded"},
                 {'R', "\\Answered"}, {'S', "\\Seen"},    {'T', "\\Deleted"}};
    g_autoptr(GStrvBuilder) flags = g_strv_builder_new();
    for (gsize i = 0; i < G_N_ELEMENTS(known); i++)
        if (strchr(letters, known[i].letter))
            g_strv_builder_add(flags, known[i].flag);
    return g_strv_builder_end(flags);
}

/* Names of Maildirs are those of mailboxes, as Dovecot and mbsync write them. */
static char *folder_of(const Import *self, const ArchiveMessage *message)
{
    if (self->run->folder || message->folder == NULL)
        return g_strdup(self->run->folder ? self->run->folder : "INBOX");
    return mailbox_name_decode(message->folder);
}

static gboolean keep(Import *self, const Arrival *arrival, guint64 size, GError **error)
{
    g_auto(Verdict) verdict = {0};
    sensitive_watch_end(self->watch, arrival->account, arrival->mailbox, &verdict);
    if (!verdict.sensitive)
        return vault_message_finish(self->writer, arrival, error);
    g_autoptr(GBytes) head = sensitive_watch_head(self->watch);
    g_autoptr(GBytes) share = share_make(head, verdict.index, size);
    self->count->sensitive++;
    return vault_message_finish_singly(self->writer, arrival, share, error);
}

static gboolean commit(Import *self, GError **error)
{
    guint stored = 0, known = 0;
    if (!vault_commit(self->writer, &stored, &known, error))
        return FALSE;
    self->count->stored += stored;
    self->count->known += known;
    return TRUE;
}

static gboolean finish(Import *self, const ArchiveMessage *message, GError **error)
{
    const GByteArray *head = self->head;
    struct Imported imported = {.as_is = message->as_is};
    g_autofree char *folder = folder_of(self, message);
    g_auto(GStrv) flags = flags_of(message->flags);
    if (look_at(head->data, head->len, message->size, &imported.looks[imported.n]))
        imported.n++;
    if (look_behind(head->data, head->len, message->size, &imported.looks[imported.n]))
        imported.n++;
    const Arrival arrival = {.account = self->run->account->name,
                             .mailbox = folder,
                             .imported = &imported,
                             .internaldate = date_of(self, message),
                             .flags = flags};
    self->messages++;
    if (self->run->progress)
        self->run->progress(self->run->user, self->messages, self->bytes);
    return keep(self, &arrival, message->size, error) &&
           (!vault_batch_due(self->writer) || commit(self, error));
}

/* A folder's name that the vault does not take. */
static gboolean check_folder(Import *self, const ArchiveMessage *message, gboolean *fits,
                             GError **error)
{
    g_autofree char *folder = folder_of(self, message);
    g_autoptr(GError) why = NULL;
    *fits = strlen(folder) <= LIMIT_MAILBOX_NAME;
    if (*fits)
        return TRUE;
    refuse(&why, POSTERN_ERROR_INPUT, "import.file", "name another with --folder",
           "the folder of %s has too long a name", message->place);
    return unusable(self, why, error);
}

static gboolean take_message(gpointer user, const ArchiveMessage *message, Source *content,
                             GError **error)
{
    Import *self = user;
    gboolean fits, sound;
    if (interrupted(self->run->stop_fd, error) || !check_folder(self, message, &fits, error))
        return FALSE;
    if (!fits)
        return TRUE;
    return vault_message_start(self->writer, error) && pour(self, content, &sound, error) &&
           (!sound || finish(self, message, error));
}

/* --- all of them ----------------------------------------------------------------------------- */

static gboolean read_all(Import *self, char *const *paths, GError **error)
{
    const ArchiveTaker taker = {take_message, unusable, self, self->run->stop_fd};
    for (; *paths; paths++)
        if (!archive_read(*paths, self->run->kind, &taker, error))
            return FALSE;
    return TRUE;
}

static void wrap_to_owner(const Import *self)
{
    g_auto(GStrv) all = sensitive_keys(self->run->config, self->run->account);
    vault_writer_set_keys(self->writer, all);
}

static gboolean import_into(Import *self, char *const *paths, GError **error)
{
    g_autoptr(GError) late = NULL;
    if (self->watch)
        wrap_to_owner(self);
    gboolean read = read_all(self, paths, &late);
    vault_message_abort(self->writer);
    /* What came whole before the failure is kept; the failure is told all the same. */
    if (!commit(self, read ? error : NULL) && read)
        return FALSE;
    if (!read)
        g_propagate_error(error, g_steal_pointer(&late));
    return read;
}

static gboolean is_sealable(const ImportRun *run, GError **error)
{
    g_autoptr(GPtrArray) accounts = g_ptr_array_new();
    g_ptr_array_add(accounts, (gpointer)run->account);
    return keywatch_check(run->config, accounts, error) &&
           sensitive_has_key(run->config, run->account, error);
}

gboolean import_paths(const ImportRun *run, char *const *paths, ImportCount *count, GError **error)
{
    *count = (ImportCount){.faults = g_ptr_array_new_with_free_func(free_error)};
    g_autoptr(Vault) vault = is_sealable(run, error) ? vault_open(run->store, error) : NULL;
    g_autoptr(Secret) match_key = vault ? matchkey_load(vault, error) : NULL;
    g_autoptr(VaultWriter) writer = match_key ? vault_writer_new(vault, match_key, error) : NULL;
    if (writer == NULL)
        return FALSE;
    g_autoptr(SensitiveWatch) watch = sensitive_watch_new(run->config->sensitive);
    g_autoptr(GByteArray) head = g_byte_array_new();
    Import self = {.run = run, .count = count, .writer = writer, .watch = watch, .head = head};
    return import_into(&self, paths, error);
}
