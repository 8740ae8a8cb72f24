/*
 * postern — the command line. Finds the command, meets its needs, runs it, and turns the error
 * into words and an exit code.
 */
#include <errno.h>
#include <locale.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "cli/command.h"
#include "cli/output.h"
#include "config.h"
#include "core/error.h"
#include "core/standard.h"

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

static void tell_version(const Context *context)
{
    if (!context->json) {
        puts("postern " PACKAGE_VERSION);
        return;
    }
    g_autoptr(JsonBuilder) builder = json_builder_new();
    json_builder_begin_object(builder);
    json_string(builder, "version", PACKAGE_VERSION);
    json_builder_end_object(builder);
    output_json(builder);
}

/* Options before the command's name; argv is left at the name. FALSE without *error: all is done
 * already. */
static gboolean parse_globals(Context *context, int *argc, char ***argv, GError **error)
{
    gboolean version = FALSE;
    const GOptionEntry own[] = {
        {"version", 0, 0, G_OPTION_ARG_NONE, &version, "Show the version", NULL},
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
        !options_parse(context, options, argc, argv, "see postern --help", error))
        return FALSE;
    if (version) {
        tell_version(context);
        return FALSE;
    }
    if (*argc < 2)
        return refuse(error, POSTERN_ERROR_USAGE, "usage", "'postern help' lists them",
                      "no command given");
    (*argc)--;
    (*argv)++;
    return TRUE;
}

/* By a link of that name it takes what sendmail takes. */
static gboolean is_sendmail(const char *program)
{
    g_autofree char *name = g_path_get_basename(program);
    return strcmp(name, "sendmail") == 0;
}

static int run(Context *context, int argc, char **argv, GError **error)
{
    if (argc > 0 && is_sendmail(argv[0]))
        return command_sendmail.run(context, argc, argv, error);
    if (!parse_globals(context, &argc, &argv, error))
        return 0;
    const Command *command = command_find(argv[0], error);
    int code = command ? command->run(context, argc, argv, error) : POSTERN_ERROR_USAGE;
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

/* As `head` does when it has seen enough: nobody wants to hear of that. */
static gboolean reader_left(const GError *error)
{
    struct pollfd out = {.fd = STDOUT_FILENO, .events = POLLOUT};
    return g_strcmp0(postern_error_rule(error), "output") == 0 && poll(&out, 1, 0) == 1 &&
           (out.revents & POLLERR);
}

int main(int argc, char **argv)
{
    if (!standard_hold())
        return POSTERN_ERROR_BUG;
    setlocale(LC_ALL, "");
    /* Cron jobs run in the C locale; arguments are UTF-8 all the same. */
    if (!g_get_charset(NULL))
        setlocale(LC_CTYPE, "C.UTF-8");
    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
    signal(SIGPIPE, SIG_IGN);
    Context context = {0};
    gboolean json = asks_for_json(argv);
    g_autoptr(GError) error = NULL;
    int code = run(&context, argc, argv, &error);
    errno = 0; /* an earlier write that failed left its reason long ago */
    if (error == NULL && (fflush(stdout) != 0 || ferror(stdout)))
        refuse(&error, POSTERN_ERROR_STORE, "output",
               "see that its disk has room and its reader stays", "cannot write the output%s%s",
               errno ? ": " : "", errno ? g_strerror(errno) : "");
    if (error)
        code = postern_exit_code(error);
    if (error && !reader_left(error))
        output_failure(error, context.json || (json && code == POSTERN_ERROR_USAGE));
    context_clear(&context);
    return code;
}
