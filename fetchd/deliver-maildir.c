/*
 * See deliver.h: a Maildir (D. J. Bernstein). A message is written below tmp/, synced, and renamed
 * into new/. Its name tells which message of the vault it is, so that handing it on once more after
 * a crash finds that it is there: in new/, or in cur/ under any flags. Lines end with LF.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/error.h"
#include "core/paths.h"
#include "core/secret.h"
#include "core/text.h"
#include "fetchd/deliver.h"

#define SUFFIX ".postern"
#define OUT_BYTES (16 * 1024)
#define MANY 200

typedef enum { DIR_TMP, DIR_NEW, DIR_CUR, DIRS } Part;
static const char *const names[DIRS] = {"tmp", "new", "cur"};

typedef struct {
    Deliverer deliverer;
    char *dir;
    char *draft; /* below tmp/; random, for several run at once */
    int parts[DIRS];
    GHashTable *read; /* names in cur/ without their flags, once that was looked through */
    int fd;           /* of the message, or -1 */
    gboolean cr;      /* a CR was seen, and not written yet */
    gsize used;
    guint8 out[OUT_BYTES];
} Maildir;

static gboolean cannot(const Maildir *self, const char *what, int cause, GError **error)
{
    g_autofree char *shown = text_name(self->dir);
    return refuse(error, POSTERN_ERROR_TEMPORARY, "deliver.write",
                  "see that its disk has room; it is handed on with the next pass",
                  "a message cannot be %s in Maildir %s: %s", what, shown, g_strerror(cause));
}

/* --- one message --------------------------------------------------------------------------- */

static void maildir_abort(Deliverer *deliverer)
{
    Maildir *self = (Maildir *)deliverer;
    secret_wipe(self->out, sizeof self->out);
    self->used = 0;
    if (self->fd < 0)
        return;
    close(self->fd);
    self->fd = -1;
    (void)unlinkat(self->parts[DIR_TMP], self->draft, 0);
}

static gboolean maildir_start(Deliverer *deliverer, GError **error)
{
    Maildir *self = (Maildir *)deliverer;
    int tmp = self->parts[DIR_TMP];
    self->fd = openat(tmp, self->draft, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    self->cr = FALSE;
    return self->fd >= 0 || cannot(self, "written", errno, error);
}

static gboolean flush(Maildir *self, GError **error)
{
    for (gsize at = 0; at < self->used;) {
        gssize done = write(self->fd, self->out + at, self->used - at);
        if (done < 0 && errno != EINTR)
            return cannot(self, "written", errno, error);
        at += done > 0 ? (gsize)done : 0;
    }
    self->used = 0;
    return TRUE;
}

static gboolean put(Maildir *self, guint8 byte, GError **error)
{
    if (self->used == OUT_BYTES && !flush(self, error))
        return FALSE;
    self->out[self->used++] = byte;
    return TRUE;
}

/* CR LF becomes LF; a CR or LF alone stays. */
static gboolean maildir_write(Deliverer *deliverer, const guint8 *data, gsize size, GError **error)
{
    Maildir *self = (Maildir *)deliverer;
    for (gsize i = 0; i < size; i++) {
        if (self->cr && data[i] != '\n' && !put(self, '\r', error))
            return FALSE;
        self->cr = data[i] == '\r';
        if (!self->cr && !put(self, data[i], error))
            return FALSE;
    }
    return TRUE;
}

static DIR *list_part(const Maildir *self, Part part)
{
    int fd = openat(self->parts[part], ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
    if (dir == NULL && fd >= 0)
        close(fd);
    return dir;
}

static void look_through(Maildir *self)
{
    const struct dirent *entry;
    DIR *cur = list_part(self, DIR_CUR);
    self->read = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    while (cur && (entry = readdir(cur))) {
        gsize length = strcspn(entry->d_name, ":");
        g_autofree char *name = g_strndup(entry->d_name, length);
        if (g_str_has_suffix(name, SUFFIX))
            g_hash_table_add(self->read, g_steal_pointer(&name));
    }
    if (cur)
        closedir(cur);
}

static gboolean is_there(Maildir *self, const char *name)
{
    if (faccessat(self->parts[DIR_NEW], name, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
        return TRUE;
    if (self->read == NULL)
        look_through(self);
    return g_hash_table_contains(self->read, name);
}

static gboolean maildir_finish(Deliverer *deliverer, const char *id, gboolean again, GError **error)
{
    Maildir *self = (Maildir *)deliverer;
    g_autofree char *name = g_strconcat(id, SUFFIX, NULL);
    if (again && is_there(self, name)) {
        maildir_abort(deliverer);
        return TRUE;
    }
    gboolean fine = (!self->cr || put(self, '\r', error)) && flush(self, error);
    if (fine && (fsync(self->fd) != 0 ||
                 renameat(self->parts[DIR_TMP], self->draft, self->parts[DIR_NEW], name) != 0))
        fine = cannot(self, "kept", errno, error);
    if (fine) {
        close(self->fd);
        self->fd = -1;
    }
    maildir_abort(deliverer);
    return fine;
}

static gboolean maildir_settle(Deliverer *deliverer, GError **error)
{
    const Maildir *self = (Maildir *)deliverer;
    return fsync(self->parts[DIR_NEW]) == 0 || cannot(self, "kept", errno, error);
}

/* --- the directories ----------------------------------------------------------------------- */

static void maildir_free(Deliverer *deliverer)
{
    Maildir *self = (Maildir *)deliverer;
    maildir_abort(deliverer);
    for (Part part = 0; part < DIRS; part++)
        if (self->parts[part] >= 0)
            close(self->parts[part]);
    g_clear_pointer(&self->read, g_hash_table_unref);
    g_free(self->dir);
    g_free(self->draft);
    g_free(self);
}

static gboolean refuse_dir(const Maildir *self, const char *why, const char *mend, GError **error)
{
    g_autofree char *shown = text_name(self->dir);
    return refuse(error, POSTERN_ERROR_CREATE, "deliver.directory", mend,
                  "mail cannot be handed on to Maildir %s: %s", shown, why);
}

static gboolean open_part(Maildir *self, int top, Part part, GError **error)
{
    struct stat facts;
    const char *name = names[part];
    gboolean made = mkdirat(top, name, 0700) == 0;
    if (!made && errno != EEXIST)
        return refuse_dir(self, g_strerror(errno), "see that it is yours to write to", error);
    self->parts[part] = openat(top, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (self->parts[part] < 0 || fstat(self->parts[part], &facts) != 0)
        return refuse_dir(self, g_strerror(errno), "see that its parts are directories", error);
    return facts.st_uid == geteuid() ||
           refuse_dir(self, "a part of it belongs to another user", "name one of your own", error);
}

static gboolean open_parts(Maildir *self, GError **error)
{
    int top = open(self->dir, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (top < 0)
        return refuse_dir(self, g_strerror(errno), "see that it is a directory", error);
    gboolean fine = TRUE;
    for (Part part = 0; fine && part < DIRS; part++)
        fine = open_part(self, top, part, error);
    (void)fsync(top);
    close(top);
    return fine;
}

/* What was killed left it; others clean up after 36 hours too. */
static void sweep(const Maildir *self)
{
    struct stat facts;
    const struct dirent *entry;
    DIR *tmp = list_part(self, DIR_TMP);
    gint64 old = g_get_real_time() / G_USEC_PER_SEC - 36 * 60 * 60;
    while (tmp && (entry = readdir(tmp)))
        if (g_str_has_suffix(entry->d_name, SUFFIX) &&
            fstatat(dirfd(tmp), entry->d_name, &facts, AT_SYMLINK_NOFOLLOW) == 0 &&
            facts.st_mtime < old)
            (void)unlinkat(dirfd(tmp), entry->d_name, 0);
    if (tmp)
        closedir(tmp);
}

Deliverer *maildir_open(const char *dir, GError **error)
{
    Maildir *self = g_new0(Maildir, 1);
    self->deliverer = (Deliverer){.start = maildir_start,
                                  .write = maildir_write,
                                  .finish = maildir_finish,
                                  .abort = maildir_abort,
                                  .settle = maildir_settle,
                                  .many = MANY,
                                  .free = maildir_free};
    g_autoptr(Deliverer) deliverer = &self->deliverer;
    self->dir = g_canonicalize_filename(dir, "/");
    g_autofree char *random = g_uuid_string_random();
    self->draft = g_strconcat(random, SUFFIX, NULL);
    self->fd = self->parts[DIR_TMP] = self->parts[DIR_NEW] = self->parts[DIR_CUR] = -1;
    g_autoptr(GError) failure = NULL;
    if (!path_private_directory(self->dir, &failure)) {
        refuse(error, failure->code, "deliver.directory", postern_error_mend(failure),
               "mail cannot be handed on to a Maildir: %s", failure->message);
        return NULL;
    }
    if (!open_parts(self, error))
        return NULL;
    sweep(self);
    return g_steal_pointer(&deliverer);
}
