/* postern help */
#include <stdio.h>
#include <string.h>

#include "cli/command.h"
#include "core/error.h"
#include "core/text.h"

static int overview(void)
{
    puts("usage: postern [--config FILE] [--store DIR] [--policy FILE] [--json] [-q] COMMAND …\n");
    for (const Command *const *command = commands; *command; command++)
        printf("  %-10s %s\n", (*command)->name, (*command)->summary);
    puts("\n'postern help COMMAND' says more; the manual is postern(1).");
    return 0;
}

static int help(Context *context, int argc, char **argv, GError **error)
{
    if (!command_options(context, &command_help, NULL, 0, 1, &argc, &argv, error))
        return POSTERN_ERROR_USAGE;
    if (argc == 1)
        return overview();
    for (const Command *const *command = commands; *command; command++)
        if (strcmp((*command)->name, argv[1]) == 0) {
            printf("usage: postern %s %s\n\n%s.\nIts options: postern %s --help\n",
                   (*command)->name, (*command)->usage, (*command)->summary, (*command)->name);
            return 0;
        }
    g_autofree char *word = text_name(argv[1]);
    refuse(error, POSTERN_ERROR_USAGE, "usage", "'postern help' lists them",
           "there is no command %s", word);
    return POSTERN_ERROR_USAGE;
}

const Command command_help = {
    .name = "help",
    .usage = "[COMMAND]",
    .summary = "Lists the commands or explains one",
    .needs = NEED_NOTHING,
    .run = help,
};
