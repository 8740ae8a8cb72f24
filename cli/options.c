/* Option parsing for commands; see command.h. */
#include <string.h>
#include <unistd.h>

#include "cli/command.h"
#include "core/error.h"
#include "core/paths.h"
#include "core/text.h"

#define WORD_COLUMNS 40

GOptionEntry *global_options(Context *context)
{
    const GOptionEntry entries[] = {
        {"config", 0, 0, G_OPTION_ARG_FILENAME, &context->config_path, "Configuration file",
         "FILE"},
        {"store", 0, 0, G_OPTION_ARG_FILENAME, &context->store, "Store directory", "DIR"},
        {"policy", 0, 0, G_OPTION_ARG_FILENAME, &context->policy, "Further policy file", "FILE"},
        {"trace", 0, 0, G_OPTION_ARG_FILENAME, &context->trace_path,
         "Append what is said to servers to FILE, names, mail and secrets left out", "FILE"},
        {"json", 0, 0, G_OPTION_ARG_NONE, &context->json, "One JSON document on stdout", NULL},
        {"color", 0, 0, G_OPTION_ARG_STRING, &context->color_when, "Colours: auto, always or never",
         "WHEN"},
        {"quiet", 'q', 0, G_OPTION_ARG_NONE, &context->quiet, "Only errors and answers", NULL},
        {"verbose", 'v', 0, G_OPTION_ARG_NONE, &context->verbose,
         "Show what is said to servers, as --trace does", NULL},
        {"help", 'h', 0, G_OPTION_ARG_NONE, &context->help, "Show this", NULL},
        G_OPTION_ENTRY_NULL,
    };
    return g_memdup2(entries, sizeof entries);
}

char *word_shown(const char *word)
{
    g_autofree char *safe = text_name(word);
    return text_fit(safe, WORD_COLUMNS);
}

gboolean options_parse(Context *context, GOptionContext *options, int *argc, char ***argv,
                       const char *mend, GError **error)
{
    g_autoptr(GError) failure = NULL;
    g_option_context_set_help_enabled(options, FALSE);
    if (g_option_context_parse(options, argc, argv, &failure)) {
        if (context->help)
            context->help_text = g_option_context_get_help(options, FALSE, NULL);
        return !context->help;
    }
    if (failure->domain == G_CONVERT_ERROR)
        return refuse(error, POSTERN_ERROR_USAGE, "usage", "write it in UTF-8",
                      "the value of an option is not UTF-8");
    g_autofree char *words = text_field(failure->message);
    *words = g_ascii_tolower(*words); /* "Unknown option": a sentence of ours begins small */
    return refuse(error, POSTERN_ERROR_USAGE, "usage", mend, "%s", words);
}

gboolean unknown_value(const char *option, const char *value, const char *mend, GError **error)
{
    g_autofree char *safe = word_shown(value);
    return refuse(error, POSTERN_ERROR_USAGE, "usage", mend, "%s knows no '%s'", option, safe);
}

static gboolean defaults(Context *context, GError **error)
{
    if (context->config_path == NULL)
        context->config_path = path_config();
    if (context->store == NULL)
        context->store = path_data();
    const char *when = context->color_when ? context->color_when : "auto";
    gboolean automatic = strcmp(when, "auto") == 0;
    if (!automatic && strcmp(when, "always") != 0 && strcmp(when, "never") != 0)
        return unknown_value("--color", when, "use auto, always or never", error);
    context->color = automatic ? isatty(STDOUT_FILENO) && g_getenv("NO_COLOR") == NULL
                               : strcmp(when, "always") == 0;
    return TRUE;
}

gboolean options_take_no_value(const GOptionEntry *entries, char *const *argv, GError **error)
{
    for (; *argv && strcmp(*argv, "--") != 0; argv++) {
        const char *equals = strchr(*argv, '=');
        if (!g_str_has_prefix(*argv, "--") || equals == NULL)
            continue;
        g_autofree char *name = g_strndup(*argv + 2, (gsize)(equals - *argv - 2));
        for (const GOptionEntry *entry = entries; entry && entry->long_name; entry++)
            if (entry->arg == G_OPTION_ARG_NONE && strcmp(entry->long_name, name) == 0)
                return refuse(error, POSTERN_ERROR_USAGE, "usage", "leave the value out",
                              "--%s takes no value", name);
    }
    return TRUE;
}

gboolean options_before_command(Context *context, gboolean *version, int *argc, char ***argv,
                                GError **error)
{
    const GOptionEntry own[] = {
        {"version", 0, 0, G_OPTION_ARG_NONE, version, "Show the version", NULL},
        G_OPTION_ENTRY_NULL,
    };
    g_autofree GOptionEntry *globals = global_options(context);
    g_autoptr(GOptionContext) options = g_option_context_new("COMMAND …");
    g_option_context_set_summary(options,
                                 "Searches, reads and sends company mail that fetchd sealed.");
    g_option_context_set_description(options, "'postern help' lists the commands.");
    g_option_context_add_main_entries(options, globals, NULL);
    g_option_context_add_main_entries(options, own, NULL);
    g_option_context_set_strict_posix(options, TRUE);
    if (!options_take_no_value(globals, *argv, error) ||
        !options_parse(context, options, argc, argv, "see postern --help", error) || *version)
        return FALSE;
    if (*argc < 2)
        return refuse(error, POSTERN_ERROR_USAGE, "usage", "'postern help' lists them",
                      "no command given");
    (*argc)--;
    (*argv)++;
    return TRUE;
}

/* Help shows them in the order of adding. */
static void add_group(GOptionContext *options, const char *name, const char *title,
                      const GOptionEntry *entries)
{
    GOptionGroup *group = g_option_group_new(name, title, title, NULL, NULL);
    g_option_group_add_entries(group, entries);
    g_option_context_add_group(options, group);
}

/* GLib leaves the "--" that ends the options where it stands before a word that begins with "-". */
static void drop_dashes(int *argc, char **argv)
{
    for (int i = 1; i < *argc; i++)
        if (strcmp(argv[i], "--") == 0) {
            memmove(argv + i, argv + i + 1, (gsize)(*argc - i) * sizeof *argv);
            (*argc)--;
            return;
        }
}

gboolean command_options(Context *context, const Command *command, const GOptionEntry *entries,
                         int min, int max, int *argc, char ***argv, GError **error)
{
    g_autofree GOptionEntry *globals = global_options(context);
    g_autoptr(GOptionContext) options = g_option_context_new(command->usage);
    g_option_context_set_summary(options, command->summary);
    if (entries)
        add_group(options, "own", "Options:", entries);
    add_group(options, "global", "Options of every command:", globals);

    /* Help names the program by g_get_prgname(). */
    g_autofree char *name = g_strconcat("postern ", command->name, NULL);
    g_set_prgname(name);
    g_autofree char *mend = g_strdup_printf("see 'postern %s --help'", command->name);
    if (!options_take_no_value(entries, *argv, error) ||
        !options_take_no_value(globals, *argv, error) ||
        !options_parse(context, options, argc, argv, mend, error))
        return FALSE;
    drop_dashes(argc, *argv);
    int left = *argc - 1;
    g_autofree char *usage =
        g_strdup_printf("write 'postern %s %s'", command->name, command->usage);
    if (left < min)
        return refuse(error, POSTERN_ERROR_USAGE, "usage", usage,
                      left ? "'postern %s' takes more arguments" : "'postern %s' takes arguments",
                      command->name);
    if (max >= 0 && left > max) {
        g_autofree char *first = word_shown((*argv)[max + 1]);
        return refuse(error, POSTERN_ERROR_USAGE, "usage", mend,
                      "'postern %s' takes no argument '%s'", command->name, first);
    }
    if (!defaults(context, error))
        return FALSE;
    if (context->trace_path && context->trace == NULL &&
        (context->trace = tracelog_open(context->trace_path, error)) == NULL)
        return FALSE;
    if (context->verbose && context->trace == NULL)
        context->trace = tracelog_stderr();
    return context_meet(context, command->needs, error);
}

gboolean command_unknown_word(const Command *command, const char *word, GError **error)
{
    g_autofree char *safe = word_shown(word);
    g_autofree char *usage =
        g_strdup_printf("write 'postern %s %s'", command->name, command->usage);
    return refuse(error, POSTERN_ERROR_USAGE, "usage", usage, "'postern %s' knows no '%s'",
                  command->name, safe);
}
