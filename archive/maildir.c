/* See maildir.h. */
#include "archive/maildir.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/error.h"
#include "core/limits.h"
#include "core/text.h"

/* So many names are put in order at a time; in a larger folder each so many are. */
#define SORTED_NAMES 131072

typedef struct {
    const ArchiveTaker *taker;
    guint found; /* Maildirs */
    guint depth;
} Tree;

static gboolean visit(Tree *tree, int dir, const char *path, const char *folder, GError **error);

const char *maildir_flags(const char *name)
{
    for (const char *at = name + strlen(name); at >= name + 2; at--)
        if (*at == ',' && at[-1] == '2' && strchr(":;!", at[-2]))
            return at + 1;
    return "";
}

static gboolean tell(const Tree *tree, PosternError kind, const char *path, const char *why,
                     GError **error)
{
    g_autoptr(GError) unusable = NULL;
    g_autofree char *shown = text_name(path);
    refuse(&unusable, kind, kind == POSTERN_ERROR_STORE ? "import.read" : "import.file",
           "see to it and import again; all else is imported", "%s %s", shown, why);
    return tree->taker->unusable(tree->taker->user, unusable, error);
}

static DIR *open_list(int dir)
{
    int fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *list = fd >= 0 ? fdopendir(fd) : NULL;
    if (list == NULL && fd >= 0)
        close(fd);
    return list;
}

/* --- messages -------------------------------------------------------------------------------- */

static gboolean give(const Tree *tree, int fd, const char *path, const char *name,
                     const char *folder, const struct stat *facts, GError **error)
{
    g_autofree char *shown = text_name(path);
    g_autoptr(Window) window = window_new(fd, shown, -1);
    Region region = {.window = window, .to = (guint64)facts->st_size, .among_mail = TRUE};
    ArchiveMessage message = {
        .place = shown, .folder = folder, .flags = maildir_flags(name), .date = facts->st_mtime};
    return region_give(&region, &message, tree->taker, error);
}

static gboolean read_file(const Tree *tree, int part, const char *path, const char *name,
                          const char *folder, GError **error)
{
    struct stat facts;
    g_autofree char *whole = g_build_filename(path, name, NULL);
    int fd = openat(part, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (fd < 0 && errno == ENOENT) /* renamed by another program just now */
        return tell(tree, POSTERN_ERROR_INPUT, whole, "is not there any more", error);
    if (fd < 0 && errno == ELOOP)
        return tell(tree, POSTERN_ERROR_INPUT, whole, "is a link", error);
    if (fd < 0 || fstat(fd, &facts) != 0) {
        int cause = errno;
        if (fd >= 0)
            close(fd);
        g_autofree char *why = g_strdup_printf("cannot be read: %s", g_strerror(cause));
        return tell(tree, POSTERN_ERROR_STORE, whole, why, error);
    }
    if (S_ISREG(facts.st_mode))
        return give(tree, fd, whole, name, folder, &facts, error);
    close(fd);
    return tell(tree, POSTERN_ERROR_INPUT, whole, "is no file", error);
}

/* Names begin with the second of the delivery. */
static gint by_time(gconstpointer left, gconstpointer right)
{
    const char *a = *(char *const *)left, *b = *(char *const *)right;
    guint64 first = g_ascii_strtoull(a, NULL, 10), second = g_ascii_strtoull(b, NULL, 10);
    if (first != second)
        return first < second ? -1 : 1;
    return strcmp(a, b);
}

/* The next names of a part, in the order in which the mail came, for so a search for the newest is
 * quickest; a directory has them in any. */
static GPtrArray *next_names(DIR *list)
{
    GPtrArray *names = g_ptr_array_new_with_free_func(g_free);
    const struct dirent *entry;
    while (names->len < SORTED_NAMES && (entry = readdir(list)))
        if (entry->d_name[0] != '.')
            g_ptr_array_add(names, g_strdup(entry->d_name));
    g_ptr_array_sort(names, by_time);
    return names;
}

static gboolean read_names(const Tree *tree, DIR *list, const char *path, const char *folder,
                           GError **error)
{
    gboolean fine = TRUE;
    guint taken = SORTED_NAMES;
    while (fine && taken == SORTED_NAMES) {
        g_autoptr(GPtrArray) names = next_names(list);
        taken = names->len;
        for (guint i = 0; fine && i < taken; i++)
            fine = read_file(tree, dirfd(list), path, names->pdata[i], folder, error);
    }
    return fine;
}

static gboolean read_part(const Tree *tree, int dir, const char *path, const char *part,
                          const char *folder, GError **error)
{
    g_autofree char *whole = g_build_filename(path, part, NULL);
    int fd = openat(dir, part, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    DIR *list = fd >= 0 ? fdopendir(fd) : NULL;
    if (list == NULL && fd >= 0)
        close(fd);
    if (list == NULL)
        return errno == ENOENT || tell(tree, POSTERN_ERROR_STORE, whole, "cannot be read", error);
    gboolean fine = read_names(tree, list, whole, folder, error);
    closedir(list);
    return fine;
}

/* --- folders --------------------------------------------------------------------------------- */

static gboolean is_dir(int dir, const char *name)
{
    struct stat facts;
    return fstatat(dir, name, &facts, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(facts.st_mode);
}

static gboolean is_maildir(int dir)
{
    return is_dir(dir, "cur") && is_dir(dir, "new");
}

/* What the folder in directory NAME of FOLDER is called; NULL when it is none. Of Maildir++, levels
 * are parted by dots. */
static char *folder_in(const char *folder, const char *name)
{
    if (*name != '.')
        return g_build_path("/", folder, name, NULL);
    if (name[1] == '\0' || name[1] == '.')
        return NULL;
    g_autofree char *levels = g_strdelimit(g_strdup(name + 1), ".", '/');
    return g_build_path("/", folder, levels, NULL);
}

/* Hidden ones count only as Maildirs: .notmuch, .git and the like are none. */
static gboolean visit_entry(Tree *tree, int dir, const char *path, const char *folder,
                            const char *name, GError **error)
{
    g_autofree char *whole = g_build_filename(path, name, NULL);
    g_autofree char *child = folder_in(folder, name);
    int fd = child ? openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC) : -1;
    if (fd < 0 && child && errno == EACCES)
        return tell(tree, POSTERN_ERROR_STORE, whole, "cannot be read", error);
    if (fd < 0)
        return TRUE;
    if (*name == '.' && !is_maildir(fd)) {
        close(fd);
        return TRUE;
    }
    return visit(tree, fd, whole, child, error);
}

static gboolean visit_children(Tree *tree, int dir, const char *path, const char *folder,
                               gboolean maildir, GError **error)
{
    gboolean fine = TRUE;
    const struct dirent *entry;
    DIR *list = open_list(dir);
    if (list == NULL)
        return tell(tree, POSTERN_ERROR_STORE, path, "cannot be read", error);
    while (fine && (entry = readdir(list))) {
        const char *name = entry->d_name;
        gboolean part = maildir && (g_str_equal(name, "cur") || g_str_equal(name, "new") ||
                                    g_str_equal(name, "tmp"));
        if (!part && (entry->d_type == DT_DIR || entry->d_type == DT_UNKNOWN))
            fine = visit_entry(tree, dir, path, folder, name, error);
    }
    closedir(list);
    return fine;
}

/* RFC 3501, 5.1: INBOX has no case. */
static const char *name_of(const char *folder)
{
    return *folder == '\0' || g_ascii_strcasecmp(folder, "INBOX") == 0 ? "INBOX" : folder;
}

static gboolean look(Tree *tree, int dir, const char *path, const char *folder, GError **error)
{
    gboolean maildir = is_maildir(dir);
    tree->found += maildir;
    if (tree->depth > LIMIT_ARCHIVE_DEPTH || tree->found > LIMIT_MAILBOXES)
        return tell(tree, POSTERN_ERROR_INPUT, path, "lies too deep, or has too many folders",
                    error);
    const char *name = name_of(folder);
    return (!maildir || (read_part(tree, dir, path, "new", name, error) &&
                         read_part(tree, dir, path, "cur", name, error))) &&
           visit_children(tree, dir, path, folder, maildir, error);
}

static gboolean visit(Tree *tree, int dir, const char *path, const char *folder, GError **error)
{
    tree->depth++;
    gboolean fine = look(tree, dir, path, folder, error);
    tree->depth--;
    close(dir);
    return fine;
}

gboolean maildir_read(int dir, const char *path, const ArchiveTaker *taker, gboolean *any,
                      GError **error)
{
    Tree tree = {.taker = taker};
    gboolean fine = visit(&tree, dir, path, "", error);
    *any = tree.found > 0;
    return fine;
}
