/*
 * fetchd — fetches and seals, once or for ever. Holds no private key of its own: see
 * fetchd(8). Besides the command line this is the only file that prints.
 */
#include <errno.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "config.h"
#include "core/error.h"
#include "core/interrupt.h"
#include "core/paths.h"
#include "core/standard.h"
#include "core/text.h"
#include "fetchd/daemon.h"

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

/* Counts of a pass that the one line of `info` leaves out. */
static void tell_more(const char *account, const Outcome *outcome)
{
    printf("%s: %s; %u here already, %u sensitive, %u left for their size, %u removed, "
           "%" G_GUINT64_FORMAT " waiting to be handed on\n",
           account, outcome->brief ? "watched mailbox" : "all mailboxes", outcome->known,
           outcome->sensitive, outcome->skipped, outcome->removed, outcome->waiting);
}

static void warn(const char *account, const Outcome *outcome)
{
    if (outcome->alert)
        fprintf(stderr, "fetchd: %s: the server says: \"%s\"\n", account, outcome->alert);
    if (outcome->astray > 0)
        fprintf(stderr,
                "fetchd: %s: %" G_GUINT64_FORMAT " messages that were not handed on are gone from "
                "the server: 'postern unlock', then 'postern sync'\n",
                account, outcome->astray);
}

/* LEVEL is that of [log]; --quiet leaves errors and warnings. */
static void tell(gpointer user, LogLevel level, const Outcome *outcome)
{
    const Options *options = user;
    g_autofree char *account = text_name(outcome->account);
    if (outcome->failure)
        complain(account, outcome->failure);
    if (level >= LEVEL_WARNING)
        warn(account, outcome);
    if (options->quiet || level < LEVEL_INFO || (outcome->failure && outcome->stored == 0))
        return;
    g_autofree char *stored = text_count(outcome->stored, "new message", "new messages");
    printf("%s: %s sealed\n", account, stored);
    if (level >= LEVEL_DEBUG)
        tell_more(account, outcome);
    fflush(stdout);
}

static void complain_of_all(gpointer user, const GError *error)
{
    (void)user;
    complain(NULL, error);
}

/* What waits still is no news; that somebody will not get it is. */
static void tell_copy(const Options *options, const FlushNews *news)
{
    g_autofree char *account = text_name(news->letter->account);
    const GError *why = news->result->failure;
    g_autofree char *words = why ? postern_error_words(why) : NULL;
    if (why)
        fprintf(stderr, "fetchd: %s: the copy of letter %s is not on the server yet: %s\n", account,
                outbox_claim_id(news->claim), words);
    else if (!options->quiet)
        printf("%s: the copy of letter %s is on the server\n", account,
               outbox_claim_id(news->claim));
    fflush(stdout);
}

static void tell_letter(gpointer user, const FlushNews *news)
{
    const Options *options = user;
    const Dispatch *result = news->result;
    if (news->files) {
        tell_copy(options, news);
        return;
    }
    g_autofree char *account = text_name(news->letter->account);
    guint sent = 0;
    for (guint i = 0; i < result->recipients->len; i++) {
        const GError *why = result->why->pdata[i];
        sent += result->states[i] == OUTBOX_GONE && why == NULL;
        if (why == NULL || result->states[i] == OUTBOX_QUEUED)
            continue;
        g_autofree char *to = text_address(result->recipients->pdata[i]);
        g_autofree char *words = postern_error_words(why);
        fprintf(stderr, "fetchd: %s: letter %s to %s %s: %s\n", account,
                outbox_claim_row(news->claim, result->states[i]), to,
                result->states[i] == OUTBOX_DOUBT ? "may have been sent" : "was not sent", words);
    }
    if (options->quiet || sent == 0)
        return;
    g_autofree char *count = text_count(sent, "recipient", "recipients");
    printf("%s: letter %s sent to %s\n", account, outbox_claim_id(news->claim), count);
    fflush(stdout);
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
    const DaemonOptions daemon = {
        .config = options.config,
        .store = options.store,
        .policy = options.policy,
        .accounts = options.accounts,
        .trace = options.log,
        .seal_only = options.seal_only,
        .stop_fd = interrupt_open(!options.once),
        .tell = tell,
        .complain = complain_of_all,
        .tell_letter = tell_letter,
        .user = &options,
    };
    return told(options.once ? daemon_once(&daemon) : daemon_stay(&daemon));
}
