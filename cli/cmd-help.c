/* postern help */
#include <stdio.h>
#include <string.h>

#include "cli/command.h"
#include "cli/json.h"
#include "core/error.h"
#include "core/nearest.h"

const Command *command_find(const char *name, GError **error)
{
    const Command *nearest = NULL;
    guint least = G_MAXUINT;
    for (const Command *const *command = commands; *command; command++) {
        if (strcmp(name, (*command)->name) == 0)
            return *command;
        guint far = nearest_distance(name, (*command)->name);
        if (far < least) {
            least = far;
            nearest = *command;
        }
    }
    g_autofree char *word = word_shown(name);
    gboolean near = 2 * least <= strlen(nearest->name);
    g_autofree char *mend = near ? g_strdup_printf("did you mean '%s'?", nearest->name)
                                 : g_strdup("'postern help' lists them");
    refuse(error, POSTERN_ERROR_USAGE, "usage", mend, "there is no command '%s'", word);
    return NULL;
}

static void add_command(JsonBuilder *builder, const Command *command)
{
    json_builder_begin_object(builder);
    json_string(builder, "name", command->name);
    json_string(builder, "usage", command->usage);
    json_string(builder, "summary", command->summary);
    json_builder_end_object(builder);
}

static void overview_json(void)
{
    g_autoptr(JsonBuilder) builder = json_builder_new();
    json_builder_begin_array(builder);
    for (const Command *const *command = commands; *command; command++)
        add_command(builder, *command);
    json_builder_end_array(builder);
    output_json(builder);
}

static void overview(void)
{
    puts("usage: postern [--config FILE] [--store DIR] [--policy FILE] [--json] [-q] COMMAND …\n");
    for (const Command *const *command = commands; *command; command++)
        printf("  %-10s %s\n", (*command)->name, (*command)->summary);
    puts("\n'postern help COMMAND' says more; the manual is postern(1).");
}

/* Its own words, options included. */
static int explain(Context *context, const Command *command, GError **error)
{
    char name[] = "", ask[] = "--help";
    char *argv[] = {name, ask, NULL};
    return command->run(context, 2, argv, error);
}

static int help(Context *context, int argc, char **argv, GError **error)
{
    if (!command_options(context, &command_help, NULL, 0, 1, &argc, &argv, error))
        return POSTERN_ERROR_USAGE;
    if (argc == 2) {
        const Command *command = command_find(argv[1], error);
        return command ? explain(context, command, error) : POSTERN_ERROR_USAGE;
    }
    if (context->json)
        overview_json();
    else
        overview();
    return 0;
}

const Command command_help = {
    .name = "help",
    .usage = "[COMMAND]",
    .summary = "Lists the commands or explains one",
    .needs = NEED_NOTHING,
    .run = help,
};
