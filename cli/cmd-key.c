/* postern key: the user's GnuPG keyring, as mail needs it. Each sub-command is a file of its own.
 */
#include <string.h>

#include "cli/key.h"
#include "core/error.h"
#include "core/limits.h"

typedef enum {
    TAKES_EXPIRE = 1 << 0,
    TAKES_YES = 1 << 1,
    TAKES_TO = 1 << 2,
    TAKES_IMPORT = 1 << 3
} Takes;

static const struct {
    const char *word;
    int (*run)(Context *context, const KeyFlags *flags, char *const *words, GError **error);
    int least, most; /* words behind its own */
    const char *usage;
    Takes takes;
} verbs[] = {
    {"list", key_list, 0, 1, "list [KEY]", 0},
    {"generate", key_generate, 0, 1, "generate [--expire 2y|18m|90d|never] ['NAME <ADDRESS>']",
     TAKES_EXPIRE},
    {"find", key_find, 1, LIMIT_KEYS, "find [--import] ADDRESS…", TAKES_IMPORT},
    {"import", key_import, 1, 1, "import FILE", 0},
    {"export", key_export, 0, 1, "export [KEY]", 0},
    {"rotate", key_rotate, 0, 0, "rotate [--to KEY]", TAKES_TO},
    {"trust", key_trust, 1, 1, "trust [--yes] KEY", TAKES_YES},
};

static gboolean fits(gsize verb, const KeyFlags *flags, int words, GError **error)
{
    const char *wrong = flags->expire && !(verbs[verb].takes & TAKES_EXPIRE)   ? "--expire"
                        : flags->yes && !(verbs[verb].takes & TAKES_YES)       ? "--yes"
                        : flags->to && !(verbs[verb].takes & TAKES_TO)         ? "--to"
                        : flags->import && !(verbs[verb].takes & TAKES_IMPORT) ? "--import"
                                                                               : NULL;
    g_autofree char *mend = g_strdup_printf("write 'postern key %s'", verbs[verb].usage);
    if (wrong)
        return refuse(error, POSTERN_ERROR_USAGE, "usage", mend, "'postern key %s' takes no %s",
                      verbs[verb].word, wrong);
    if (words < verbs[verb].least || words > verbs[verb].most)
        return refuse(error, POSTERN_ERROR_USAGE, "usage", mend, "'postern key %s' takes %s",
                      verbs[verb].word,
                      words < verbs[verb].least ? "an argument" : "fewer arguments");
    return TRUE;
}

static int run(Context *context, int argc, char **argv, GError **error)
{
    KeyFlags flags = {0};
    const GOptionEntry entries[] = {
        {"expire", 0, 0, G_OPTION_ARG_STRING, &flags.expire,
         "generate: when the key expires (default 2y)", "TIME"},
        {"import", 0, 0, G_OPTION_ARG_NONE, &flags.import,
         "find: take what is found into the keyring", NULL},
        {"to", 0, 0, G_OPTION_ARG_STRING, &flags.to, "rotate: the key to seal to from now on",
         "KEY"},
        {"yes", 0, 0, G_OPTION_ARG_NONE, &flags.yes,
         "trust: the fingerprint has been compared; ask nothing", NULL},
        G_OPTION_ENTRY_NULL,
    };
    int code = 0;
    if (!command_options(context, &command_key, entries, 1, -1, &argc, &argv, error)) {
        g_free(flags.expire);
        g_free(flags.to);
        return POSTERN_ERROR_USAGE;
    }
    gsize verb = 0;
    while (verb < G_N_ELEMENTS(verbs) && strcmp(argv[1], verbs[verb].word) != 0)
        verb++;
    if (verb == G_N_ELEMENTS(verbs))
        command_unknown_word(&command_key, argv[1], error);
    else if (fits(verb, &flags, argc - 2, error))
        code = verbs[verb].run(context, &flags, argv + 2, error);
    g_free(flags.expire);
    g_free(flags.to);
    return code;
}

const Command command_key = {
    .name = "key",
    .usage =
        "list [KEY] | generate ['NAME <ADDRESS>'] | find ADDRESS… | import FILE | export [KEY] | "
        "trust KEY | rotate [--to KEY]",
    .summary = "The keys of the GnuPG keyring, as mail needs them",
    .needs = NEED_NOTHING,
    .run = run,
};
