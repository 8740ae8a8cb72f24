/* See editor.h. */
#include "cli/editor.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "cli/output.h"
#include "core/error.h"
#include "core/text.h"

#define TICK_US 200000    /* how often we look whether it ended, */
#define LOOK_TICKS 5      /* and whether the text was saved */
#define PATIENCE_TICKS 10 /* for an editor that was told to end */
#define NOT_STARTED 127   /* as the shell has it */

/* --- which, and how ------------------------------------------------------------------------- */

/* A name and what may follow it: a version, or a build. */
static gboolean is_called(const char *name, const char *editor)
{
    gsize length = strlen(editor);
    return g_str_has_prefix(name, editor) &&
           (name[length] == '\0' || strchr(".-0123456789", name[length]));
}

/* Behind the user's own settings: no swap file, no backup, not even while it writes, no undo file,
 * no history; and nothing that a quoted letter says of how it is to be edited (modelines). */
static void add_vim(GStrvBuilder *words)
{
    g_strv_builder_add_many(
        words, "-n", "-i", "NONE", "--cmd", "set nomodeline", "-c",
        "set nobackup nowritebackup noundofile noswapfile viminfo= patchmode=", NULL);
}

static void add_emacs(GStrvBuilder *words)
{
    g_strv_builder_add_many(
        words, "--eval",
        "(progn (setq make-backup-files nil backup-inhibited t auto-save-default nil "
        "auto-save-list-file-prefix nil create-lockfiles nil undo-tree-auto-save-history nil "
        "enable-local-variables nil enable-local-eval nil kill-emacs-hook nil "
        "kill-emacs-query-functions nil) (dolist (mode '(desktop-save-mode savehist-mode "
        "recentf-mode save-place-mode)) (and (boundp mode) (symbol-value mode) (funcall mode "
        "-1))))",
        NULL);
}

/* Its settings come from files alone, and a later line wins: the user's, and then ours. */
static void add_nano(GStrvBuilder *words, const EditPlace *place)
{
    g_autofree char *old = g_build_filename(g_get_home_dir(), ".nanorc", NULL);
    g_autofree char *own = g_build_filename(g_get_user_config_dir(), "nano", "nanorc", NULL);
    g_autofree char *ours = g_build_filename(place->dir, ".nanorc", NULL);
    const char *const files[] = {"/etc/nanorc", g_file_test(old, G_FILE_TEST_EXISTS) ? old : own};
    g_autoptr(GString) all = g_string_new(NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(files); i++) {
        g_autofree char *text = NULL;
        if (g_file_get_contents(files[i], &text, NULL, NULL))
            g_string_append_printf(all, "%s\n", text);
    }
    g_string_append(all, "unset backup\nunset historylog\nunset positionlog\n");
    if (g_file_set_contents_full(ours, all->str, (gssize)all->len, G_FILE_SET_CONTENTS_NONE, 0600,
                                 NULL))
        g_strv_builder_add_many(words, "--rcfile", ours, NULL);
    else
        g_strv_builder_add(words, "--ignorercfiles");
}

/* What NAME, the program itself, must be told. */
static gboolean add_precautions(GStrvBuilder *words, const char *name, const EditPlace *place)
{
    if (is_called(name, "vim") || is_called(name, "nvim") || is_called(name, "gvim"))
        add_vim(words);
    else if (is_called(name, "nano") || is_called(name, "rnano"))
        add_nano(words, place);
    else if (is_called(name, "emacs"))
        add_emacs(words);
    else
        return FALSE;
    return TRUE;
}

/* The user's words, or those of what there is. */
static GStrv chosen(GError **error)
{
    static const char *const variables[] = {"VISUAL", "EDITOR"};
    static const char *const usual[] = {"editor", "nano", "vim", "vi", "emacs"};
    GStrv words = NULL;
    for (gsize i = 0; i < G_N_ELEMENTS(variables); i++) {
        const char *value = g_getenv(variables[i]);
        if (value == NULL || *value == '\0')
            continue;
        if (g_shell_parse_argv(value, NULL, &words, NULL))
            return words;
        g_autofree char *shown = text_name(value);
        refuse(error, POSTERN_ERROR_POLICY, "draft.editor",
               "write a command, without a shell's means", "%s is %s, which is no command",
               variables[i], shown);
        return NULL;
    }
    for (gsize i = 0; i < G_N_ELEMENTS(usual); i++) {
        g_autofree char *path = g_find_program_in_path(usual[i]);
        if (path == NULL)
            continue;
        g_autoptr(GStrvBuilder) one = g_strv_builder_new();
        g_strv_builder_add(one, usual[i]);
        return g_strv_builder_end(one);
    }
    refuse(error, POSTERN_ERROR_POLICY, "draft.editor",
           "set EDITOR, or give the text with --body FILE", "there is no editor");
    return NULL;
}

GStrv editor_command(const EditPlace *place, gboolean *known, GError **error)
{
    g_auto(GStrv) own = chosen(error);
    if (own == NULL)
        return NULL;
    g_autofree char *path = g_find_program_in_path(own[0]);
    if (path == NULL) {
        g_autofree char *shown = text_name(own[0]);
        refuse(error, POSTERN_ERROR_POLICY, "draft.editor",
               "set EDITOR to one that is installed, or give the text with --body FILE",
               "there is no editor %s", shown);
        return NULL;
    }
    char *real = realpath(path, NULL); /* "vi" and "editor" are links to it */
    g_autofree char *name = g_path_get_basename(real ? real : path);
    free(real);
    g_autoptr(GStrvBuilder) words = g_strv_builder_new();
    g_strv_builder_addv(words, (const char **)own);
    *known = add_precautions(words, name, place);
    g_strv_builder_add(words, place->file);
    return g_strv_builder_end(words);
}

/* --- running it ----------------------------------------------------------------------------- */

static volatile sig_atomic_t ended_by;

static void note(int number)
{
    ended_by = number;
}

/* What a terminal sends to all is the editor's business, the rest ours. */
static const struct {
    int number;
    void (*handler)(int);
} signals[] = {{SIGINT, SIG_IGN}, {SIGQUIT, SIG_IGN}, {SIGTERM, note}, {SIGHUP, note}};

static void take_signals(struct sigaction *before)
{
    ended_by = 0;
    for (gsize i = 0; i < G_N_ELEMENTS(signals); i++) {
        struct sigaction action = {.sa_handler = signals[i].handler};
        sigemptyset(&action.sa_mask);
        sigaction(signals[i].number, &action, &before[i]);
    }
}

static void give_signals_back(const struct sigaction *before)
{
    for (gsize i = 0; i < G_N_ELEMENTS(signals); i++)
        sigaction(signals[i].number, &before[i], NULL);
}

/* In the child: only what is safe behind fork(2). Standard output may be a pipe, an editor needs
 * the terminal. */
static _Noreturn void become(char *const *words, char *const *environment, int terminal)
{
    for (gsize i = 0; i < G_N_ELEMENTS(signals); i++)
        signal(signals[i].number, SIG_DFL);
    prctl(PR_SET_PDEATHSIG, SIGHUP);
    if (terminal >= 0) {
        dup2(terminal, STDOUT_FILENO);
        dup2(terminal, STDERR_FILENO);
    }
    execvpe(words[0], words, environment);
    _exit(NOT_STARTED);
}

static pid_t start(char *const *words, const EditPlace *place)
{
    static const char *const variables[] = {"TMPDIR", "TMP", "TEMP"};
    g_auto(GStrv) environment = g_get_environ();
    for (gsize i = 0; i < G_N_ELEMENTS(variables); i++)
        environment = g_environ_setenv(environment, variables[i], place->dir, TRUE);
    int terminal = isatty(STDOUT_FILENO) ? -1 : open("/dev/tty", O_RDWR | O_CLOEXEC);
    pid_t child = fork();
    if (child == 0)
        become(words, environment, terminal);
    if (terminal >= 0)
        close(terminal);
    return child;
}

typedef struct {
    EditPlace *place;
    EditorSaved saved;
    gpointer user;
    struct stat known, last; /* of the file: told of, and at the last look */
} Watch;

static gboolean same(const struct stat *a, const struct stat *b)
{
    return a->st_ino == b->st_ino && a->st_size == b->st_size &&
           a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

/* Told of once it rests: an editor may be in the midst of writing it. */
static void look(Watch *watch)
{
    struct stat here;
    if (lstat(watch->place->file, &here) != 0)
        return;
    if (!same(&here, &watch->known) && same(&here, &watch->last)) {
        g_autoptr(GBytes) text = editplace_read(watch->place->file, NULL);
        watch->known = here;
        if (text && g_bytes_get_size(text) > 0)
            watch->saved(watch->user, text);
    }
    watch->last = here;
}

/* Its status, or -1: a signal to us ended it. */
static int await(pid_t child, Watch *watch)
{
    int status;
    guint ticks = 0, left = PATIENCE_TICKS;
    for (;;) {
        pid_t done = waitpid(child, &status, WNOHANG);
        if (done == child || (done < 0 && errno != EINTR))
            break;
        if (ended_by && left == PATIENCE_TICKS)
            kill(child, SIGHUP);
        if (ended_by && left-- == 0)
            kill(child, SIGKILL);
        g_usleep(TICK_US);
        if (++ticks % LOOK_TICKS == 0)
            look(watch);
    }
    if (!ended_by)
        return status;
    editplace_settle(watch->place);
    return -1;
}

static gboolean judge(int status, const char *editor, GError **error)
{
    g_autofree char *shown = text_name(editor);
    if (status < 0)
        return refuse(error, POSTERN_ERROR_TEMPORARY, "run.interrupted",
                      "go on with 'postern draft'", "interrupted");
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return TRUE;
    if (WIFEXITED(status) && WEXITSTATUS(status) == NOT_STARTED)
        return refuse(error, POSTERN_ERROR_INPUT, "draft.editor",
                      "set EDITOR to another one, or give the text with --body FILE",
                      "the editor %s cannot be started", shown);
    return refuse(error, POSTERN_ERROR_INPUT, "draft.editor",
                  "edit it again, or set EDITOR to another one",
                  "the editor %s says that it failed", shown);
}

gboolean editor_run(EditPlace *place, EditorSaved saved, gpointer user, GError **error)
{
    struct sigaction before[G_N_ELEMENTS(signals)];
    struct termios modes;
    Watch watch = {.place = place, .saved = saved, .user = user};
    gboolean known;
    g_auto(GStrv) words = editor_command(place, &known, error);
    if (words == NULL)
        return FALSE;
    g_autofree char *shown = text_name(words[0]);
    if (!known)
        output_note(
            "the editor %s is not known to Postern: see that it keeps no copy of the letter "
            "elsewhere, as swap or backup file",
            shown);
    (void)!lstat(place->file, &watch.known);
    gboolean terminal = tcgetattr(STDIN_FILENO, &modes) == 0;
    take_signals(before);
    pid_t child = start(words, place);
    int status = child > 0 ? await(child, &watch) : W_EXITCODE(NOT_STARTED, 0);
    if (terminal) {
        signal(SIGTTOU, SIG_IGN);
        tcsetattr(STDIN_FILENO, TCSADRAIN, &modes);
        signal(SIGTTOU, SIG_DFL);
    }
    give_signals_back(before);
    return judge(status, words[0], error);
}
