/*
 * fetchd — fetches and seals, once or for ever. Holds no private key of its own: see
 * fetchd(8). Besides the command line this is the only file that prints.
 */
#include <errno.h>
#include <locale.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "config.h"
#include "core/error.h"
#include "core/interrupt.h"
#include "core/limits.h"
#include "core/paths.h"
#include "core/standard.h"
#include "core/text.h"
#include "fetchd/engine.h"
#include "fetchd/schedule.h"

typedef struct {
    char *config, *store, *policy, *trace;
    TraceLog *log;
    char **accounts;
    gboolean once, foreground, seal_only, quiet, version;
} Options;

static void options_clear(Options *options)
{
    g_free(options->config);
    g_free(options->store);
    g_free(options->policy);
    g_free(options->trace);
    tracelog_close(options->log);
    g_strfreev(options->accounts);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Options, options_clear)

static void complain(const char *who, const GError *error)
{
    g_autofree char *words = postern_error_words(error);
    fprintf(stderr, "fetchd: %s%s%s\n", who ? who : "", who ? ": " : "", words);
}

static gboolean parse(Options *options, int *argc, char ***argv, GError **error)
{
    const GOptionEntry entries[] = {
        {"once", 0, 0, G_OPTION_ARG_NONE, &options->once, "One pass, then exit", NULL},
        {"foreground", 0, 0, G_OPTION_ARG_NONE, &options->foreground,
         "Stay in the foreground (always so)", NULL},
        {"account", 0, 0, G_OPTION_ARG_STRING_ARRAY, &options->accounts,
         "Only this account (may be repeated)", "NAME"},
        {"seal-only", 0, 0, G_OPTION_ARG_NONE, &options->seal_only,
         "Never index, even while the index is unlocked", NULL},
        {"config", 0, 0, G_OPTION_ARG_FILENAME, &options->config, "Configuration file", "FILE"},
        {"store", 0, 0, G_OPTION_ARG_FILENAME, &options->store, "Store directory", "DIR"},
        {"policy", 0, 0, G_OPTION_ARG_FILENAME, &options->policy, "Further policy file", "FILE"},
        {"trace", 0, 0, G_OPTION_ARG_FILENAME, &options->trace, "Append what is said to servers",
         "FILE"},
        {"quiet", 'q', 0, G_OPTION_ARG_NONE, &options->quiet, "Say nothing but errors", NULL},
        {"version", 0, 0, G_OPTION_ARG_NONE, &options->version, "Show the version", NULL},
        G_OPTION_ENTRY_NULL,
    };
    g_autoptr(GOptionContext) context = g_option_context_new(NULL);
    g_option_context_set_summary(context, "Fetches company mail and seals it on arrival.");
    g_option_context_add_main_entries(context, entries, NULL);
    g_autoptr(GError) failure = NULL;
    if (!g_option_context_parse(context, argc, argv, &failure)) {
        g_autofree char *words = text_field(failure->message);
        *words = g_ascii_tolower(*words); /* "Unknown option": a sentence of ours begins small */
        return refuse(error, POSTERN_ERROR_USAGE, "usage", "see fetchd --help", "%s", words);
    }
    if (*argc > 1) {
        g_autofree char *word = text_name((*argv)[1]);
        return refuse(error, POSTERN_ERROR_USAGE, "usage", "see fetchd --help",
                      "unexpected argument %s", word);
    }
    if (options->config == NULL)
        options->config = path_config();
    if (options->store == NULL)
        options->store = path_data();
    return TRUE;
}

static void tell(const Options *options, const Outcome *outcome)
{
    g_autofree char *account = text_name(outcome->account);
    if (outcome->failure)
        complain(account, outcome->failure);
    if (outcome->alert)
        fprintf(stderr, "fetchd: %s: the server says: \"%s\"\n", account, outcome->alert);
    if (options->quiet || (outcome->failure && outcome->stored == 0))
        return;
    g_autofree char *stored = text_count(outcome->stored, "new message", "new messages");
    printf("%s: %s sealed\n", account, stored);
}

/* FALSE for a login that is still not tried again; TOLD has the accounts of which that was said. */
static gboolean is_news(GHashTable *told, const Outcome *outcome)
{
    if (told == NULL)
        return TRUE;
    if (g_strcmp0(postern_error_rule(outcome->failure), "login.blocked") == 0)
        return g_hash_table_add(told, g_strdup(outcome->account));
    g_hash_table_remove(told, outcome->account);
    return TRUE;
}

/* Can no pass go better until somebody changes something? */
static gboolean hopeless(const GPtrArray *outcomes, const GError *error)
{
    if (outcomes == NULL)
        return postern_exit_code(error) == POSTERN_ERROR_POLICY;
    for (guint i = 0; i < outcomes->len; i++)
        if (postern_exit_code(((Outcome *)outcomes->pdata[i])->failure) != POSTERN_ERROR_POLICY)
            return FALSE;
    return outcomes->len > 0;
}

typedef struct {
    int code;
    gboolean hopeless;
} PassResult;

/* What a daemon remembers between two passes. */
typedef struct {
    GHashTable *told;
    Schedule *schedule;
} Daemon;

/* A server may tell how often it lets one in; there it is not asked sooner. */
static void heed_delay(Daemon *daemon, const Outcome *outcome)
{
    if (daemon && g_strcmp0(postern_error_rule(outcome->failure), "login.delay") == 0)
        schedule_wait(daemon->schedule, outcome->account,
                      g_get_monotonic_time() + LIMIT_LOGIN_DELAY_S * G_USEC_PER_SEC);
}

/* Over the accounts that are due; without DAEMON, that is all. */
static PassResult pass(const Options *options, Daemon *daemon, int stop_fd)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Config) config = config_load(options->config, options->policy, &error);
    g_auto(GStrv) due = config && daemon ? schedule_take(daemon->schedule, config,
                                                         options->accounts, g_get_monotonic_time())
                                         : NULL;
    if (due && *due == NULL && config->accounts->len > 0)
        return (PassResult){0};
    const EngineRun run = {
        .config = config,
        .store = options->store,
        .accounts = due ? due : options->accounts,
        .trace = options->log,
        .stop_fd = stop_fd,
    };
    g_autoptr(GPtrArray) outcomes = config ? engine_sync(&run, &error) : NULL;
    PassResult result = {.hopeless = hopeless(outcomes, error)};
    for (guint i = 0; outcomes && i < outcomes->len; i++)
        heed_delay(daemon, outcomes->pdata[i]);
    for (guint i = 0; outcomes && i < outcomes->len; i++)
        if (is_news(daemon ? daemon->told : NULL, outcomes->pdata[i]))
            tell(options, outcomes->pdata[i]);
    guint64 absorbed;
    gboolean ok = outcomes && (options->seal_only ||
                               engine_absorb_unlocked(config, options->store, &absorbed, &error));
    if (!ok)
        complain(NULL, error);
    fflush(stdout);
    int code = outcomes ? outcomes_exit_code(outcomes) : 0;
    result.code = postern_worse(code, postern_exit_code(error));
    return result;
}

/* SIGHUP says that something changed: a refused login is tried again. The configuration is read
 * anew at each pass anyway. */
static void start_anew(const Options *options, Daemon *daemon)
{
    g_autoptr(GError) error = NULL;
    g_hash_table_remove_all(daemon->told);
    schedule_forget(daemon->schedule);
    if (!engine_retry_logins(options->store, options->accounts, &error))
        complain(NULL, error);
}

/* Waits for the next pass; FALSE when it is time to leave. */
static gboolean rest(const Options *options, Daemon *daemon, int stop_fd)
{
    struct pollfd fd = {.fd = stop_fd, .events = POLLIN};
    gint64 now = g_get_monotonic_time(), left = schedule_next(daemon->schedule, now) - now;
    (void)poll(&fd, 1, (int)(MAX(left, 0) / 1000 + 1));
    for (int signal; (signal = interrupt_take()) != 0;) {
        if (signal != SIGHUP)
            return FALSE;
        start_anew(options, daemon);
    }
    return TRUE;
}

/*
 * Until a signal, which is a clean stop. A daemon that can do nothing ends at its start, while
 * somebody looks; later a file that is just being edited ends nothing.
 */
static int stay(const Options *options, int stop_fd)
{
    g_autoptr(GHashTable) told = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    g_autoptr(Schedule) schedule = schedule_new();
    Daemon daemon = {told, schedule};
    PassResult first = pass(options, &daemon, stop_fd);
    if (first.hopeless)
        return first.code;
    while (rest(options, &daemon, stop_fd))
        pass(options, &daemon, stop_fd);
    return 0;
}

/* CODE, or what is worse: that nobody could be told of it. */
static int told(int code)
{
    errno = 0;
    if (fflush(stdout) == 0 && !ferror(stdout))
        return code;
    g_autoptr(GError) error = NULL;
    refuse(&error, POSTERN_ERROR_STORE, "output", "see that its disk has room, or say --quiet",
           "cannot write the output%s%s", errno ? ": " : "", errno ? strerror(errno) : "");
    complain(NULL, error);
    return postern_worse(code, postern_exit_code(error));
}

int main(int argc, char **argv)
{
    if (!standard_hold())
        return POSTERN_ERROR_BUG;
    setlocale(LC_ALL, "");
    if (!g_get_charset(NULL)) /* as in cli/main.c */
        setlocale(LC_CTYPE, "C.UTF-8");
    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
    signal(SIGPIPE, SIG_IGN);

    g_auto(Options) options = {0};
    g_autoptr(GError) error = NULL;
    if (!parse(&options, &argc, &argv, &error)) {
        complain(NULL, error);
        return postern_exit_code(error);
    }
    if (options.version) {
        puts("fetchd " PACKAGE_VERSION);
        return told(0);
    }
    if (options.trace && (options.log = tracelog_open(options.trace, &error)) == NULL) {
        complain(NULL, error);
        return postern_exit_code(error);
    }
    int stop_fd = interrupt_open(!options.once);
    return told(options.once ? pass(&options, NULL, stop_fd).code : stay(&options, stop_fd));
}
