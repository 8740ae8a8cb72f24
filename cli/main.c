/*
 * postern — what people call. Most of a search's time would go into loading libraries that only
 * other commands need, so it is answered here, where few are linked, while that costs nothing: the
 * key rests in the keyring, and the index has all that the vault has. Everything else, and each
 * failure before the first line, is left to postern-all.so, which does the same and says what is
 * wrong.
 */
#include <dlfcn.h>
#include <errno.h>
#include <locale.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "cli/all.h"
#include "cli/command.h"
#include "cli/output.h"
#include "cli/program.h"
#include "cli/search-list.h"
#include "core/error.h"
#include "core/paths.h"
#include "crypto/unlock.h"
#include "store/absorb.h"

/* By this name a process loads everything at once. */
#define EVERYTHING "postern-all"

static int run_all(int argc, char **argv)
{
    g_autofree char *path = paths_program(POSTERN_ALL_FILE);
    void *all = dlopen(path, RTLD_NOW);
    int (*run)(int, char **) = all ? (int (*)(int, char **))dlsym(all, POSTERN_ALL) : NULL;
    if (run)
        return run(argc, argv);
    output_note("the installation is incomplete: %s", dlerror());
    return POSTERN_ERROR_BUG;
}

/* Loads everything into a fresh process: what the search left in this one would be there twice. */
static int start_over(char **argv)
{
    argv[0] = (char *)EVERYTHING;
    execv("/proc/self/exe", argv);
    output_note("cannot start again: %s", g_strerror(errno));
    return POSTERN_ERROR_BUG;
}

/* Nobody reads it. */
static gboolean not_here(GError **error)
{
    return refuse(error, POSTERN_ERROR_BUG, "main", "leave it to postern-all.so", "not for here");
}

/* The configuration, the vault, its keys and an index that lacks nothing. */
static gboolean meet_all(Context *context, GError **error)
{
    gboolean due;
    if (!context_meet_config(context, error) || !context_meet_vault(context, error) ||
        !context_meet_match(context, error))
        return FALSE;
    context->vault_key = unlock_cached(vault_id(context->vault));
    if (context->vault_key == NULL || context->config->crypto_index != INDEX_FULL)
        return not_here(error);
    context->index =
        index_open(context->store, vault_id(context->vault), context->vault_key, error);
    if (context->index == NULL || !absorb_is_due(context->vault, context->index, &due, error))
        return FALSE;
    return !due || not_here(error);
}

gboolean context_meet(Context *context, Needs needs, GError **error)
{
    return needs == NEED_NOTHING || meet_all(context, error);
}

/* FALSE before anything was printed. */
static gboolean search(Context *context, int argc, char **argv, int *code, GError **error)
{
    static const Command here = {.name = "search", .usage = "QUERY …"};
    guint hits;
    gboolean version = FALSE;
    g_auto(Searching) searching = {.sort = SORT_NEWEST};
    if (!options_before_command(context, &version, &argc, &argv, error) ||
        strcmp(argv[0], here.name) != 0 ||
        !searching_parse(context, &here, argc, argv, &searching, error) ||
        !context_meet(context, NEED_INDEX, error))
        return FALSE;
    if (search_list(context, &searching, &hits, error))
        *code = searching_answered(context, &searching, hits);
    return *error == NULL || hits > 0;
}

static gboolean is_among(const char *word, char *const *argv)
{
    for (; *argv; argv++)
        if (strcmp(*argv, word) == 0)
            return TRUE;
    return FALSE;
}

/* At a glance: JSON takes libraries, and no other command is here. */
static gboolean is_elsewhere(char *const *argv)
{
    return !is_among("search", argv) || is_among("--json", argv);
}

int main(int argc, char **argv)
{
    gboolean over = program_called(argv, EVERYTHING);
    if (over)
        prctl(PR_SET_NAME, "postern", 0, 0, 0); /* for ps and pkill, which would read "exe" */
    if (over || program_called(argv, "sendmail") || is_elsewhere(argv))
        return run_all(argc, argv);
    if (!program_begin(LC_CTYPE))
        return POSTERN_ERROR_BUG;
    /* Parsing moves the words of an argv about. */
    g_autofree char **words = g_memdup2(argv, (gsize)(argc + 1) * sizeof *argv);
    Context context = {0};
    g_autoptr(GError) error = NULL;
    int code = 0;
    gboolean here = search(&context, argc, words, &code, &error);
    context_clear(&context);
    if (!here)
        return start_over(argv);
    if (error || !program_flush(&error))
        code = postern_exit_code(error);
    if (error && !program_reader_left(error))
        output_failure(error);
    /* All is written and wiped; libcrypto's own tidying up would be a sixteenth more. */
    _exit(code);
}
