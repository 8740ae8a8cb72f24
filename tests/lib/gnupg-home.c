/* See gnupg-home.h. */
#include "tests/lib/gnupg-home.h"

#include <gio/gio.h>
#include <glib/gstdio.h>

#include "crypto/pgp.h"

struct GnupgHome {
    char *dir;
    GHashTable *keys;
};

/* Runs ARGUMENTS (NULL-terminated) to their end. */
static void run(const char *const *arguments)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GSubprocess) process = g_subprocess_newv(arguments, G_SUBPROCESS_FLAGS_NONE, &error);
    if (process == NULL || !g_subprocess_wait_check(process, NULL, &error))
        g_error("%s: %s", arguments[0], error->message);
}

static GHashTable *read_keys(const char *dir)
{
    g_autofree char *path = g_build_filename(dir, "keys", NULL), *text = NULL;
    if (!g_file_get_contents(path, &text, NULL, NULL))
        g_error("cannot read %s", path);
    GHashTable *keys = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    g_auto(GStrv) lines = g_strsplit(g_strstrip(text), "\n", -1);
    for (char **line = lines; *line; line++) {
        g_auto(GStrv) words = g_strsplit(*line, " ", 2);
        g_hash_table_insert(keys, g_strdup(words[0]), g_strdup(words[1]));
    }
    return keys;
}

static char *lib_path(const char *name)
{
    const char *srcdir = g_getenv("srcdir");
    g_autofree char *path = g_build_filename(srcdir ? srcdir : ".", "tests", "lib", name, NULL);
    return g_canonicalize_filename(path, NULL);
}

GnupgHome *gnupg_home_new(void)
{
    g_autofree char *script = lib_path("gnupg-home.sh");
    GnupgHome *self = g_new0(GnupgHome, 1);
    self->dir = g_mkdtemp(g_strdup("/tmp/postern-XXXXXX"));
    if (self->dir == NULL)
        g_error("cannot make a directory below /tmp");
    run((const char *const[]){"sh", script, self->dir, NULL});
    self->keys = read_keys(self->dir);
    gnupg_home_use(self, "own");
    return self;
}

char *gnupg_home_path(const GnupgHome *self, const char *which)
{
    return g_build_filename(self->dir, which, NULL);
}

void gnupg_home_use(const GnupgHome *self, const char *which)
{
    g_autofree char *path = gnupg_home_path(self, which);
    if (g_mkdir_with_parents(path, 0700) != 0)
        g_error("cannot make %s", path);
    g_setenv("GNUPGHOME", path, TRUE);
}

static void set_pinentry(const GnupgHome *self, const char *which, const char *program)
{
    g_autofree char *path = gnupg_home_path(self, which);
    g_autofree char *conf = g_build_filename(path, "gpg-agent.conf", NULL);
    g_autofree char *line = g_strdup_printf("pinentry-program %s\n", program);
    if (!g_file_set_contents(conf, line, -1, NULL))
        g_error("cannot write %s", conf);
    run((const char *const[]){"gpgconf", "--homedir", path, "--kill", "gpg-agent", NULL});
}

void gnupg_home_answer_by(const GnupgHome *self, const char *which, const char *program)
{
    set_pinentry(self, which, program);
    g_setenv("GPG_TTY", "/dev/null", TRUE); /* somebody can be asked */
}

void gnupg_home_answer(const GnupgHome *self, const char *which)
{
    g_autofree char *pinentry = lib_path("pinentry.sh");
    gnupg_home_answer_by(self, which, pinentry);
}

void gnupg_home_ask_nobody(const GnupgHome *self, const char *which)
{
    set_pinentry(self, which, "/nonexistent/pinentry");
    g_unsetenv("GPG_TTY");
}

const char *gnupg_home_key(const GnupgHome *self, const char *name)
{
    const char *fingerprint = g_hash_table_lookup(self->keys, name);
    if (fingerprint == NULL)
        g_error("there is no test key %s", name);
    return fingerprint;
}

void gnupg_home_free(GnupgHome *self)
{
    g_autoptr(GDir) open = g_dir_open(self->dir, 0, NULL);
    for (const char *entry; open && (entry = g_dir_read_name(open));) {
        g_autofree char *path = g_build_filename(self->dir, entry, NULL);
        if (g_file_test(path, G_FILE_TEST_IS_DIR))
            run((const char *const[]){"gpgconf", "--homedir", path, "--kill", "all", NULL});
    }
    run((const char *const[]){"rm", "-rf", self->dir, NULL});
    g_hash_table_unref(self->keys);
    g_free(self->dir);
    g_free(self);
}

GnupgHome *home;

int make_home(void **state)
{
    (void)state;
    home = gnupg_home_new();
    return pgp_start(NULL) ? 0 : -1;
}

int remove_home(void **state)
{
    (void)state;
    gnupg_home_free(home);
    return 0;
}
