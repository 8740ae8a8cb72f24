/* See daemon.h. */
#include "fetchd/daemon.h"

#include <poll.h>
#include <signal.h>

#include "core/error.h"
#include "core/interrupt.h"
#include "core/limits.h"
#include "core/text.h"
#include "fetchd/clockwatch.h"
#include "fetchd/connection.h"
#include "fetchd/hook.h"
#include "fetchd/keywatch.h"
#include "fetchd/link.h"
#include "fetchd/metrics.h"
#include "fetchd/notify.h"
#include "fetchd/schedule.h"
#include "store/tagrules.h"

/* A shorter sleep than this has broken no connection that was worth keeping. */
#define SLEPT_US (10 * G_USEC_PER_SEC)

/* Keys that expire soon are told of once a day. */
#define WARN_US (G_GINT64_CONSTANT(24 * 3600) * G_USEC_PER_SEC)

typedef struct {
    const DaemonOptions *options;
    Schedule *schedule;
    GHashTable *connections;
    GHashTable *told;               /* account -> rule of the failure that was told and lasts */
    char *complaint;                /* the last one about everything, or NULL */
    gint64 held;                    /* nothing is tried before: there was such a complaint */
    gint64 warned;                  /* when keys that expire were looked for; 0: never */
    char *command, *failed_command; /* [hook] new_mail, failed_mail */
    Hook *hook, *failed_hook;
    Notify *notify;
    Clockwatch *clock;
    Flusher *flusher;
} Daemon;

/* --- what is told --------------------------------------------------------------------------- */

/* A failure that lasts is told once, and a look at one mailbox that brought nothing not at all. */
static gboolean is_news(Daemon *daemon, const Outcome *outcome)
{
    const char *rule = postern_error_rule(outcome->failure);
    if (outcome->lost || g_strcmp0(rule, "login.blocked") == 0 ||
        (rule && g_str_has_prefix(rule, "deliver."))) {
        gboolean known = g_strcmp0(g_hash_table_lookup(daemon->told, outcome->account), rule) == 0;
        g_hash_table_insert(daemon->told, g_strdup(outcome->account), g_strdup(rule));
        return !known || outcome->stored > 0;
    }
    g_hash_table_remove(daemon->told, outcome->account);
    return !outcome->brief || outcome->failure || outcome->stored > 0 || outcome->alert;
}

static void complain(Daemon *daemon, const GError *error)
{
    g_autofree char *words = postern_error_words(error);
    if (g_strcmp0(words, daemon->complaint) == 0)
        return;
    g_free(daemon->complaint);
    daemon->complaint = g_steal_pointer(&words);
    daemon->options->complain(daemon->options->user, error);
}

/* A rule that cannot be read is told at once, not when the vault is next unlocked. */
static Config *load(const DaemonOptions *options, GError **error)
{
    g_autoptr(Config) config = config_load(options->config, options->policy, error);
    g_autoptr(GPtrArray) rules = config ? tagrules_parse(config, 0, error) : NULL;
    return rules ? g_steal_pointer(&config) : NULL;
}

/* Of what will stop the fetching one day. */
static void warn_of_keys(const DaemonOptions *options, const Config *config)
{
    g_autoptr(GPtrArray) warnings = keywatch_warnings(config, FALSE);
    for (guint i = 0; i < warnings->len; i++)
        options->complain(options->user, warnings->pdata[i]);
}

static void tell_status(const Daemon *daemon)
{
    g_autofree char *open =
        text_count(g_hash_table_size(daemon->connections), "account", "accounts");
    g_autofree char *failing =
        text_count(g_hash_table_size(daemon->told), "account fails", "accounts fail");
    notify_status(daemon->notify, "new mail of %s is told at once; %s", open, failing);
}

/* --- one pass ------------------------------------------------------------------------------- */

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

static void stay_alive(gpointer user, const char *account, guint64 messages, guint64 total,
                       guint64 bytes)
{
    (void)account, (void)messages, (void)total, (void)bytes;
    notify_alive(((Daemon *)user)->notify);
}

static double chance(void)
{
    return g_random_double();
}

static void settle(Daemon *daemon, const Config *config, const Outcome *outcome)
{
    gint64 now = clockwatch_now();
    /* A server may tell how often it lets one in; there it is not asked sooner. */
    if (g_strcmp0(postern_error_rule(outcome->failure), "login.delay") == 0)
        schedule_wait(daemon->schedule, outcome->account,
                      now + LIMIT_LOGIN_DELAY_S * G_USEC_PER_SEC);
    if (outcome->lost)
        schedule_lost(daemon->schedule, outcome->account, now, FALSE, chance());
    else if (!outcome->failure && !g_hash_table_contains(daemon->connections, outcome->account))
        schedule_well(daemon->schedule, outcome->account);
    hook_count(daemon->hook, outcome->account, outcome->stored);
    if (is_news(daemon, outcome))
        daemon->options->tell(daemon->options->user, config->log_level, outcome);
}

/* Nobody got a turn, because of another writer, say: soon again, unless that is the configuration's
 * fault, which only its author can mend. */
static void try_again(Daemon *daemon, char *const *names, const GError *error)
{
    for (; *names && postern_exit_code(error) == POSTERN_ERROR_TEMPORARY; names++)
        schedule_lost(daemon->schedule, *names, clockwatch_now(), FALSE, chance());
}

static PassResult pass_over(Daemon *daemon, const Config *config, GStrv names, char *const *brief)
{
    const DaemonOptions *options = daemon->options;
    g_autoptr(GError) error = NULL;
    const EngineRun run = {
        .config = config,
        .store = options->store,
        .accounts = names,
        .connections = daemon->connections,
        .brief = brief,
        .trace = options->trace,
        .stop_fd = options->stop_fd,
        .progress = stay_alive,
        .user = daemon,
    };
    g_autoptr(GPtrArray) outcomes = engine_sync(&run, &error);
    PassResult result = {.hopeless = hopeless(outcomes, error)};
    for (guint i = 0; outcomes && i < outcomes->len; i++)
        settle(daemon, config, outcomes->pdata[i]);
    if (outcomes == NULL)
        try_again(daemon, names, error);
    guint64 absorbed;
    gboolean ok =
        outcomes && (options->seal_only ||
                     engine_absorb_unlocked(config, options->store, NULL, NULL, &absorbed, &error));
    result.code =
        postern_worse(outcomes ? outcomes_exit_code(outcomes) : 0, postern_exit_code(error));
    if (metrics_write(config, options->store, result.code, ok ? &error : NULL) && ok)
        g_clear_pointer(&daemon->complaint, g_free);
    else
        complain(daemon, error);
    return result;
}

/* Connections of accounts that are no more. */
static gboolean is_stranger(gpointer name, gpointer connection, gpointer user)
{
    (void)connection;
    const Config *config = user;
    const Account *account = config_account(config, name, NULL);
    return account == NULL || account->fetch == NULL;
}

/* Those of NEWS that have a connection are added to NAMES. */
static GStrv add_news(const Daemon *daemon, GStrv names, char *const *news)
{
    g_autoptr(GStrvBuilder) all = g_strv_builder_new();
    g_strv_builder_addv(all, (const char **)names);
    for (; *news; news++)
        if (g_hash_table_contains(daemon->connections, *news))
            g_strv_builder_add(all, *news);
    return g_strv_builder_end(all);
}

/* Over what is due. Configuration and policy are read anew, and where they do not hold any more no
 * connection stays. */
static PassResult pass(Daemon *daemon)
{
    const DaemonOptions *options = daemon->options;
    gint64 now = clockwatch_now();
    g_autoptr(GError) error = NULL;
    g_autoptr(Config) config = load(options, &error);
    daemon->held = config ? 0 : now + (gint64)INTERVAL_LEAST * G_USEC_PER_SEC;
    if (config == NULL) {
        g_hash_table_remove_all(daemon->connections);
        complain(daemon, error);
        return (PassResult){postern_exit_code(error), hopeless(NULL, error)};
    }
    if (daemon->warned == 0 || now - daemon->warned >= WARN_US) {
        warn_of_keys(options, config);
        daemon->warned = now;
    }
    g_free(daemon->command);
    daemon->command = g_strdup(config->new_mail);
    g_free(daemon->failed_command);
    daemon->failed_command = g_strdup(config->failed_mail);
    g_hash_table_foreach_remove(daemon->connections, is_stranger, config);
    g_auto(GStrv) due = schedule_take(daemon->schedule, config, options->accounts, now);
    g_auto(GStrv) news = schedule_take_news(daemon->schedule, now);
    g_auto(GStrv) names = add_news(daemon, due, news);
    if (*names == NULL && config->accounts->len > 0)
        return (PassResult){0};
    return pass_over(daemon, config, config->accounts->len > 0 ? names : NULL, news);
}

/* --- between passes ------------------------------------------------------------------------- */

/* The connection of NAME is gone, without a fault that anybody need be told of. */
static void connection_lost(Daemon *daemon, const char *name, const Connection *connection)
{
    gint64 now = clockwatch_now();
    gboolean steady = now - connection->opened >= (gint64)LIMIT_STEADY_MS * 1000;
    schedule_lost(daemon->schedule, name, now, steady, chance());
}

/* What its server says; TRUE when the connection is over. */
static gboolean hear(gpointer name, gpointer value, gpointer user)
{
    Daemon *daemon = user;
    Connection *connection = value;
    switch (link_look(connection->fetcher, NULL)) {
    case LINK_QUIET: return FALSE;
    case LINK_NEWS: schedule_news(daemon->schedule, name, clockwatch_now()); return FALSE;
    case LINK_DONE: /* it cannot tell of news: back to the interval */
        (void)connection->fetcher->quit(connection->fetcher, NULL);
        return TRUE;
    default: connection_lost(daemon, name, connection); return TRUE;
    }
}

/* Connections do not outlive sleep, whatever they look like. */
static gboolean lost_asleep(gpointer name, gpointer connection, gpointer user)
{
    (void)connection;
    Daemon *daemon = user;
    schedule_lost(daemon->schedule, name, clockwatch_now(), TRUE, chance());
    return TRUE;
}

/* SIGHUP says that something changed: a refused login is tried again. The configuration is read
 * anew at each pass anyway. */
static void start_anew(Daemon *daemon)
{
    const DaemonOptions *options = daemon->options;
    g_autoptr(GError) error = NULL;
    notify_reloading(daemon->notify);
    g_hash_table_remove_all(daemon->told);
    g_clear_pointer(&daemon->complaint, g_free);
    schedule_forget(daemon->schedule);
    daemon->held = 0;
    if (!engine_retry_logins(options->store, options->accounts, &error))
        complain(daemon, error);
}

static void add_fd(GArray *fds, int fd)
{
    const struct pollfd one = {.fd = fd, .events = POLLIN};
    g_array_append_val(fds, one);
}

static void wait(Daemon *daemon, gint64 until)
{
    g_autoptr(GArray) fds = g_array_new(FALSE, FALSE, sizeof(struct pollfd));
    GHashTableIter all;
    Connection *connection;
    add_fd(fds, daemon->options->stop_fd);
    add_fd(fds, clockwatch_alarm(daemon->clock, until));
    add_fd(fds, clockwatch_jump(daemon->clock));
    add_fd(fds, hook_fd(daemon->hook));
    add_fd(fds, hook_fd(daemon->failed_hook));
    add_fd(fds, flusher_fd(daemon->flusher));
    g_hash_table_iter_init(&all, daemon->connections);
    while (g_hash_table_iter_next(&all, NULL, (gpointer *)&connection))
        add_fd(fds, link_fd(connection->fetcher));
    gint64 hook = MIN(hook_deadline(daemon->hook), hook_deadline(daemon->failed_hook));
    gint64 left = hook == G_MAXINT64 ? G_MAXINT64 : MAX(hook - g_get_monotonic_time(), 0);
    left = MIN(left, notify_every(daemon->notify));
    int ms = left == G_MAXINT64 ? -1 : (int)MIN(left / 1000 + 1, G_MAXINT32);
    (void)poll((struct pollfd *)(void *)fds->data, fds->len, ms);
}

static void go_on_hooks(const Daemon *daemon)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GError) failed = NULL;
    if (!hook_go_on(daemon->hook, daemon->command, &error))
        daemon->options->complain(daemon->options->user, error);
    if (!hook_go_on(daemon->failed_hook, daemon->failed_command, &failed))
        daemon->options->complain(daemon->options->user, failed);
}

/* Until there may be something to do; FALSE when it is time to leave. */
static gboolean rest(Daemon *daemon)
{
    gint64 next = schedule_next(daemon->schedule, clockwatch_now());
    wait(daemon, MIN(MAX(next, daemon->held), flusher_next(daemon->flusher)));
    notify_alive(daemon->notify);
    if (clockwatch_slept(daemon->clock) >= SLEPT_US)
        g_hash_table_foreach_remove(daemon->connections, lost_asleep, daemon);
    g_hash_table_foreach_remove(daemon->connections, hear, daemon);
    for (int signal; (signal = interrupt_take()) != 0;) {
        if (signal != SIGHUP)
            return FALSE;
        start_anew(daemon);
    }
    return TRUE;
}

static gboolean is_due(const Daemon *daemon)
{
    gint64 now = clockwatch_now();
    return now >= daemon->held && schedule_next(daemon->schedule, now) <= now;
}

static int stay(Daemon *daemon)
{
    PassResult first = pass(daemon);
    if (first.hopeless)
        return first.code;
    for (;;) {
        notify_ready(daemon->notify);
        tell_status(daemon);
        do {
            go_on_hooks(daemon);
            flusher_go_on(daemon->flusher);
            if (!rest(daemon))
                return 0;
        } while (!is_due(daemon));
        pass(daemon);
        flusher_hurry(daemon->flusher);
    }
}

/* Who is told of letters: the user, and the command for those that did not leave. */
typedef struct {
    const DaemonOptions *options;
    Hook *hook;
} Ears;

static void hear_letter(gpointer user, const FlushNews *news)
{
    const Ears *ears = user;
    const Dispatch *result = news->result;
    gboolean failed = FALSE, doubt = FALSE;
    ears->options->tell_letter(ears->options->user, news);
    for (guint i = 0; !news->files && i < result->recipients->len; i++) {
        failed = failed || result->states[i] == OUTBOX_FAILED;
        doubt = doubt || result->states[i] == OUTBOX_DOUBT;
    }
    if (failed)
        hook_letter(ears->hook, outbox_claim_row(news->claim, OUTBOX_FAILED), "failed",
                    news->letter->account);
    if (doubt)
        hook_letter(ears->hook, outbox_claim_row(news->claim, OUTBOX_DOUBT), "maybe-sent",
                    news->letter->account);
}

static void hear_complaint(gpointer user, const GError *error)
{
    const Ears *ears = user;
    ears->options->complain(ears->options->user, error);
}

static FlusherOptions flusher_options(Ears *ears)
{
    const DaemonOptions *options = ears->options;
    return (FlusherOptions){
        .config = options->config,
        .store = options->store,
        .policy = options->policy,
        .accounts = options->accounts,
        .trace = options->trace,
        .tell = hear_letter,
        .complain = hear_complaint,
        .user = ears,
    };
}

int daemon_stay(const DaemonOptions *options)
{
    g_autoptr(Hook) hook = hook_new(HOOK_NEW_MAIL);
    g_autoptr(Hook) failed_hook = hook_new(HOOK_FAILED_MAIL);
    Ears ears = {options, failed_hook};
    const FlusherOptions letters = flusher_options(&ears);
    g_autoptr(Flusher) flusher = flusher_new(&letters);
    g_autoptr(Schedule) schedule = schedule_new();
    g_autoptr(GHashTable) told = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    g_autoptr(GHashTable) connections = connections_new();
    g_autoptr(Notify) notify = notify_new();
    g_autoptr(Clockwatch) clock = clockwatch_new();
    Daemon daemon = {.options = options,
                     .schedule = schedule,
                     .connections = connections,
                     .told = told,
                     .hook = hook,
                     .failed_hook = failed_hook,
                     .notify = notify,
                     .clock = clock,
                     .flusher = flusher};
    int code = stay(&daemon);
    notify_stopping(notify);
    g_free(daemon.complaint);
    g_free(daemon.command);
    g_free(daemon.failed_command);
    return code;
}

/* --- once ----------------------------------------------------------------------------------- */

/* There is no later in which it could be watched. */
static gboolean run_hook(Hook *hook, const char *command, int stop_fd, GError **error)
{
    gboolean ok = hook_go_on(hook, command, error);
    while (ok && hook_fd(hook) >= 0) {
        if (interrupt_wait(hook_fd(hook), POLLIN, hook_deadline(hook), stop_fd, NULL) < 0)
            return TRUE;
        ok = hook_go_on(hook, command, error);
    }
    return ok;
}

int daemon_once(const DaemonOptions *options)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Hook) hook = hook_new(HOOK_NEW_MAIL);
    g_autoptr(Hook) failed_hook = hook_new(HOOK_FAILED_MAIL);
    Ears ears = {options, failed_hook};
    g_autoptr(Config) config = load(options, &error);
    const EngineRun run = {
        .config = config,
        .store = options->store,
        .accounts = options->accounts,
        .trace = options->trace,
        .stop_fd = options->stop_fd,
    };
    if (config)
        warn_of_keys(options, config);
    g_autoptr(GPtrArray) outcomes = config ? engine_sync(&run, &error) : NULL;
    for (guint i = 0; outcomes && i < outcomes->len; i++) {
        const Outcome *outcome = outcomes->pdata[i];
        hook_count(hook, outcome->account, outcome->stored);
        options->tell(options->user, config->log_level, outcome);
    }
    guint64 absorbed;
    gboolean ok =
        outcomes && (options->seal_only ||
                     engine_absorb_unlocked(config, options->store, NULL, NULL, &absorbed, &error));
    if (!ok)
        options->complain(options->user, error);
    g_autoptr(GError) late = NULL;
    if (outcomes && !run_hook(hook, config->new_mail, options->stop_fd, &late))
        options->complain(options->user, late);
    int code = postern_worse(outcomes ? outcomes_exit_code(outcomes) : 0, postern_exit_code(error));
    const FlusherOptions letters = flusher_options(&ears);
    g_autoptr(GError) unsent = NULL;
    if (config && !flusher_once(&letters, options->stop_fd, &unsent))
        options->complain(options->user, unsent);
    g_autoptr(GError) untold = NULL;
    if (config && !run_hook(failed_hook, config->failed_mail, options->stop_fd, &untold))
        options->complain(options->user, untold);
    g_autoptr(GError) unwritten = NULL;
    if (config && !metrics_write(config, options->store, code, &unwritten))
        options->complain(options->user, unwritten);
    return code;
}
