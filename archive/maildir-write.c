/*
 * See export.h: a Maildir. A message is written below tmp/, synced, and renamed into cur/. Its name
 * tells which message it is, so that an export that was interrupted is run once more.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "archive/export-lines.h"
#include "archive/maildir-name.h"
#include "core/error.h"
#include "core/filename.h"
#include "core/secret.h"
#include "core/text.h"

#define SUFFIX ".postern"

typedef struct {
    char *account, *name; /* account: "" for none */
    GHashTable *there;    /* char *: names of files in it without their flags */
} Folder;

typedef struct {
    Exporter exporter;
    char *dir, *shown;
    int top;
    GHashTable *folders; /* char * -> Folder *: all that were written to */
    Folder *open;        /* one of them, or NULL; */
    int tmp, cur;        /* its parts */
    FileOut out;
} Maildir;

static gboolean refuse_dir(const Maildir *self, const char *what, int cause, GError **error)
{
    return refuse(error, POSTERN_ERROR_CREATE, "export.create",
                  "name a folder of your own that you may write to", "%s%s%s cannot be made: %s",
                  self->shown, *what ? "/" : "", what, g_strerror(cause));
}

/* NAME within DIR, made where it is not there; -1 with *error. */
static int enter(const Maildir *self, int dir, const char *name, GError **error)
{
    struct stat facts;
    int fd = -1, cause = 0;
    if (mkdirat(dir, name, 0700) != 0 && errno != EEXIST)
        cause = errno;
    if (cause == 0 &&
        ((fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)) < 0 ||
         fstat(fd, &facts) != 0))
        cause = errno;
    if (cause == 0 && facts.st_uid != geteuid())
        cause = EPERM;
    if (cause == 0)
        return fd;
    if (fd >= 0)
        close(fd);
    g_autofree char *shown = text_name(name);
    refuse_dir(self, shown, cause, error);
    return -1;
}

static gboolean list(const Maildir *self, int part, Folder *folder, GError **error)
{
    const struct dirent *entry;
    int fd = openat(part, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
    if (dir == NULL) {
        int cause = errno;
        if (fd >= 0)
            close(fd);
        return refuse_dir(self, "", cause, error);
    }
    while ((entry = readdir(dir))) {
        g_autofree char *name = g_strndup(entry->d_name, strcspn(entry->d_name, ":"));
        if (g_str_has_suffix(name, SUFFIX))
            g_hash_table_add(folder->there, g_steal_pointer(&name));
    }
    closedir(dir);
    return TRUE;
}

/* --- folders --------------------------------------------------------------------------------- */

static void folder_free(gpointer data)
{
    Folder *folder = data;
    g_free(folder->account);
    g_free(folder->name);
    g_hash_table_unref(folder->there);
    g_free(folder);
}

static void leave(Maildir *self)
{
    if (self->tmp >= 0)
        close(self->tmp);
    if (self->cur >= 0)
        close(self->cur);
    self->tmp = self->cur = -1;
    self->open = NULL;
}

static gboolean open_parts(Maildir *self, int dir, gboolean listed, Folder *folder, GError **error)
{
    self->tmp = enter(self, dir, "tmp", error);
    self->cur = self->tmp < 0 ? -1 : enter(self, dir, "cur", error);
    if (self->cur < 0 || listed)
        return self->cur >= 0;
    int fresh = enter(self, dir, "new", error);
    if (fresh < 0)
        return FALSE;
    gboolean fine = list(self, self->cur, folder, error) && list(self, fresh, folder, error);
    close(fresh);
    return fine;
}

/* Below BASE, which is the Maildir of INBOX itself. */
static gboolean open_folder(Maildir *self, int base, gboolean listed, Folder *folder,
                            GError **error)
{
    g_autofree char *name = maildir_name(folder->name);
    if (*name == '\0')
        return open_parts(self, base, listed, folder, error);
    int dir = enter(self, base, name, error);
    if (dir < 0)
        return FALSE;
    gboolean fine = open_parts(self, dir, listed, folder, error);
    /* The mark of a folder within a Maildir, for Courier and its kin. */
    int mark = openat(dir, "maildirfolder", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (mark >= 0)
        close(mark);
    close(dir);
    return fine;
}

static gboolean enter_folder(Maildir *self, gboolean listed, Folder *folder, GError **error)
{
    leave(self);
    g_autofree char *below = filename_safe(folder->account, "account");
    int base = *folder->account ? enter(self, self->top, below, error) : self->top;
    if (base < 0)
        return FALSE;
    gboolean fine = open_folder(self, base, listed, folder, error);
    if (base != self->top)
        close(base);
    if (!fine)
        leave(self);
    self->open = fine ? folder : NULL;
    return fine;
}

static gboolean go_to(Maildir *self, const ExportMessage *message, GError **error)
{
    const char *account = message->account ? message->account : "";
    g_autofree char *key = g_strdup_printf("%s\n%s", account, message->folder);
    Folder *folder = g_hash_table_lookup(self->folders, key);
    gboolean listed = folder != NULL;
    if (listed && folder == self->open)
        return TRUE;
    if (!listed) {
        folder = g_new0(Folder, 1);
        folder->account = g_strdup(account);
        folder->name = g_strdup(message->folder);
        folder->there = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
        g_hash_table_insert(self->folders, g_steal_pointer(&key), folder);
    }
    return enter_folder(self, listed, folder, error);
}

static gboolean sync_folders(Maildir *self, GError **error)
{
    GHashTableIter at;
    gpointer folder;
    g_hash_table_iter_init(&at, self->folders);
    while (g_hash_table_iter_next(&at, NULL, &folder))
        if (!enter_folder(self, TRUE, folder, error) ||
            (fsync(self->cur) != 0 && !out_failed(self->shown, errno, error)))
            return FALSE;
    return TRUE;
}

/* --- messages -------------------------------------------------------------------------------- */

static gboolean take_byte(gpointer user, guint8 byte, GError **error)
{
    return out_put(user, byte, error);
}

static gboolean write_file(Maildir *self, const ExportMessage *message, ExportOpener opener,
                           gpointer user, GError **error)
{
    gboolean change;
    const struct timespec times[] = {{.tv_sec = (time_t)message->date},
                                     {.tv_sec = (time_t)message->date}};
    self->out.used = 0;
    if (!lines_may_change(message, opener, user, &change, error) ||
        !lines_pour(opener, user, change, take_byte, &self->out, error) ||
        !out_flush(&self->out, error))
        return FALSE;
    (void)!futimens(self->out.fd, times); /* other programs take it for the time of arrival */
    return fsync(self->out.fd) == 0 || out_failed(self->shown, errno, error);
}

static gboolean keep_file(const Maildir *self, const char *stem, const char *flags, GError **error)
{
    g_autofree char *name = g_strdup_printf("%s:2,%s", stem, flags);
    return renameat2(self->tmp, stem, self->cur, name, RENAME_NOREPLACE) == 0 ||
           out_failed(self->shown, errno, error);
}

/* What a killed run left in tmp/ is written over: nobody else calls his files so. */
static int new_file(const Maildir *self, const char *draft)
{
    const int how = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
    int fd = openat(self->tmp, draft, how, 0600);
    if (fd < 0 && errno == EEXIST && unlinkat(self->tmp, draft, 0) == 0)
        fd = openat(self->tmp, draft, how, 0600);
    return fd;
}

static gboolean maildir_put(Exporter *exporter, const ExportMessage *message, ExportOpener opener,
                            gpointer user, Exported *how, GError **error)
{
    Maildir *self = (Maildir *)exporter;
    g_autofree char *stem = g_strconcat(message->id, SUFFIX, NULL);
    if (!go_to(self, message, error))
        return FALSE;
    *how = g_hash_table_contains(self->open->there, stem) ? EXPORTED_BEFORE : EXPORTED;
    if (*how == EXPORTED_BEFORE)
        return TRUE;
    self->out.fd = new_file(self, stem);
    if (self->out.fd < 0)
        return out_failed(self->shown, errno, error);
    gboolean fine = write_file(self, message, opener, user, error) &&
                    keep_file(self, stem, message->flags, error);
    close(self->out.fd);
    if (!fine)
        (void)unlinkat(self->tmp, stem, 0);
    return fine;
}

static gboolean maildir_finish(Exporter *exporter, GError **error)
{
    Maildir *self = (Maildir *)exporter;
    return sync_folders(self, error) &&
           (fsync(self->top) == 0 || out_failed(self->shown, errno, error));
}

static void maildir_free(Exporter *exporter)
{
    Maildir *self = (Maildir *)exporter;
    leave(self);
    secret_wipe(self->out.out, sizeof self->out.out);
    if (self->top >= 0)
        close(self->top);
    g_hash_table_unref(self->folders);
    g_free(self->dir);
    g_free(self->shown);
    g_free(self);
}

Exporter *export_maildir(const char *dir, GError **error)
{
    struct stat facts;
    Maildir *self = g_new0(Maildir, 1);
    g_autoptr(Exporter) exporter = &self->exporter;
    self->exporter = (Exporter){.put = maildir_put, .finish = maildir_finish, .free = maildir_free};
    self->dir = g_canonicalize_filename(dir, NULL);
    self->shown = text_name(dir);
    self->out.shown = self->shown;
    self->tmp = self->cur = -1;
    self->folders = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, folder_free);
    int cause = g_mkdir_with_parents(self->dir, 0700) == 0 ? 0 : errno;
    self->top = open(self->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (self->top < 0 || fstat(self->top, &facts) != 0) {
        refuse_dir(self, "", cause ? cause : errno, error);
        return NULL;
    }
    if (facts.st_uid != geteuid()) {
        refuse_dir(self, "", EPERM, error);
        return NULL;
    }
    return g_steal_pointer(&exporter);
}
