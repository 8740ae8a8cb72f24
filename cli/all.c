/* Finds the command, meets its needs, runs it, and turns the error into words and an exit code. See
 * all.h. */
#include "cli/all.h"

#include <locale.h>
#include <stdio.h>
#include <string.h>

#include "cli/command.h"
#include "cli/json.h"
#include "cli/output.h"
#include "cli/program.h"
#include "config.h"
#include "core/error.h"

const Command *const commands[] = {
    &command_init,
    &command_sync,
    &command_index,
    &command_import,
    &command_export,
    &command_search,
    &command_show,
    &command_save,
    &command_tag,
    &command_address,
    &command_send,
    &command_reply,
    &command_forward,
    &command_sendmail,
    &command_outbox,
    &command_draft,
    &command_password,
    &command_key,
    &command_sensitive,
    &command_unlock,
    &command_lock,
    &command_status,
    &command_log,
    &command_verify,
    &command_compact,
    &command_doctor,
    &command_config,
    &command_help,
    NULL,
};

/* TEXT, as the member NAME with --json. */
static void tell(const Context *context, const char *name, const char *text)
{
    if (!context->json) {
        puts(text);
        return;
    }
    g_autoptr(JsonBuilder) builder = json_builder_new();
    json_builder_begin_object(builder);
    json_string(builder, name, text);
    json_builder_end_object(builder);
    output_json(builder);
}

static int run(Context *context, int argc, char **argv, GError **error)
{
    if (program_called(argv, "sendmail")) /* it takes what sendmail takes */
        return command_sendmail.run(context, argc, argv, error);
    gboolean version = FALSE;
    int code = 0;
    if (options_before_command(context, &version, &argc, &argv, error)) {
        const Command *command = command_find(argv[0], error);
        code = command ? command->run(context, argc, argv, error) : POSTERN_ERROR_USAGE;
    }
    if (context->help_text)
        tell(context, "help", context->json ? context->help_text : g_strchomp(context->help_text));
    else if (version)
        tell(context, "version", context->json ? PACKAGE_VERSION : "postern " PACKAGE_VERSION);
    return context->help ? 0 : code;
}

/* GLib takes back what it has read when it meets an option that it does not know. */
static gboolean asks_for_json(char *const *argv)
{
    for (; *argv && strcmp(*argv, "--") != 0; argv++)
        if (strcmp(*argv, "--json") == 0)
            return TRUE;
    return FALSE;
}

int postern_all(int argc, char **argv)
{
    if (!program_begin(LC_ALL))
        return POSTERN_ERROR_BUG;
    g_set_prgname("postern"); /* whatever name called it: help says this one */
    Context context = {0};
    gboolean json = asks_for_json(argv);
    g_autoptr(GError) error = NULL;
    int code = run(&context, argc, argv, &error);
    if (error || !program_flush(&error))
        code = postern_exit_code(error);
    if (error && !program_reader_left(error)) {
        output_failure(error);
        if (context.json || (json && code == POSTERN_ERROR_USAGE))
            output_json_failure(error);
    }
    context_clear(&context);
    return code;
}
