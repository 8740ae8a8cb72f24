/* See flusher.h. */
#include "fetchd/flusher.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include "core/error.h"
#include "core/interrupt.h"
#include "core/limits.h"
#include "crypto/unlock.h"
#include "fetchd/clockwatch.h"
#include "fetchd/outboxkey.h"
#include "store/vault-outbox-key.h"

struct Flusher {
    const FlusherOptions *options;
    GThread *thread; /* NULL: none is under way */
    gint ended;      /* atomic: it is through */
    int bell, stop;  /* eventfds: it is through; it is to end */
    gint64 next;
    char *told; /* the last complaint, until it goes well again; the thread's while it runs */
};

Flusher *flusher_new(const FlusherOptions *options)
{
    Flusher *self = g_new0(Flusher, 1);
    self->options = options;
    self->bell = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    self->stop = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    return self;
}

static void ring(int bell)
{
    const guint64 one = 1;
    (void)!write(bell, &one, sizeof one);
}

static void join(Flusher *self)
{
    guint64 rung;
    g_thread_join(g_steal_pointer(&self->thread));
    (void)!read(self->bell, &rung, sizeof rung);
    g_atomic_int_set(&self->ended, FALSE);
}

void flusher_free(Flusher *self)
{
    if (self == NULL)
        return;
    ring(self->stop);
    if (self->thread)
        join(self);
    close(self->bell);
    close(self->stop);
    g_free(self->told);
    g_free(self);
}

/* What KEY opens, of ACCOUNTS. */
static gboolean send_with(const FlusherOptions *options, const Config *config, Vault *vault,
                          const Secret *key, char *const *accounts, int stop_fd, GError **error)
{
    int code;
    const Flush flush = {
        .config = config,
        .store = options->store,
        .vault = vault,
        .vault_private = key,
        .trace = options->trace,
        .stop_fd = stop_fd,
        .accounts = accounts,
        .due = TRUE,
        .tell = options->tell,
        .user = options->user,
    };
    return flush_run(&flush, &code, error);
}

static gboolean is_meant(const FlusherOptions *options, const Account *account)
{
    char *const *all = options->accounts;
    return account->outbox_key &&
           (all == NULL || g_strv_contains((const char *const *)all, account->name));
}

/* While the vault is locked: the letters of those who gave this host a key for them. */
static gboolean send_unattended(const FlusherOptions *options, const Config *config, Vault *vault,
                                int stop_fd, GError **error)
{
    for (guint i = 0; i < config->accounts->len; i++) {
        const Account *account = config->accounts->pdata[i];
        char *const accounts[] = {account->name, NULL};
        if (!is_meant(options, account))
            continue;
        g_autoptr(Secret) key = outboxkey_load(account, vault, error);
        if (key == NULL || !send_with(options, config, vault, key, accounts, stop_fd, error))
            return FALSE;
    }
    return TRUE;
}

static gboolean send_due(const FlusherOptions *options, const Config *config, Vault *vault,
                         int stop_fd, GError **error)
{
    g_autoptr(Secret) key = unlock_cached(vault_id(vault));
    return key ? send_with(options, config, vault, key, options->accounts, stop_fd, error)
               : send_unattended(options, config, vault, stop_fd, error);
}

gboolean flusher_once(const FlusherOptions *options, int stop_fd, GError **error)
{
    g_autoptr(Config) config = config_load(options->config, options->policy, error);
    g_autoptr(Vault) vault = config ? vault_open(options->store, error) : NULL;
    return vault && send_due(options, config, vault, stop_fd, error);
}

static gpointer run(gpointer user)
{
    Flusher *self = user;
    g_autoptr(GError) error = NULL;
    gboolean fine = flusher_once(self->options, self->stop, &error) || was_interrupted(error);
    /* It is looked at every minute: what lasts is told once. */
    if (!fine && g_strcmp0(self->told, error->message) != 0)
        self->options->complain(self->options->user, error);
    g_free(self->told);
    self->told = fine ? NULL : g_strdup(error->message);
    g_atomic_int_set(&self->ended, TRUE);
    ring(self->bell);
    return NULL;
}

/* Seconds until it is to look again; 0: something can be sent. */
static gint64 look(const Flusher *self)
{
    OutboxStat stat;
    g_autoptr(Vault) vault = vault_open(self->options->store, NULL);
    if (vault == NULL || !vault_outbox_stat(vault, &stat, NULL) || stat.due == G_MAXINT64)
        return LIMIT_OUTBOX_IDLE_S;
    gint64 left = stat.due - g_get_real_time() / G_USEC_PER_SEC;
    if (left > 0)
        return MIN(left, LIMIT_OUTBOX_LOOK_S);
    gboolean there;
    g_autoptr(Secret) key = unlock_cached(vault_id(vault));
    return key || (vault_outbox_key_there(vault, &there, NULL) && there) ? 0 : LIMIT_OUTBOX_LOOK_S;
}

void flusher_go_on(Flusher *self)
{
    if (self->thread && g_atomic_int_get(&self->ended))
        join(self);
    gint64 now = clockwatch_now();
    if (self->thread || now < self->next)
        return;
    gint64 wait = look(self);
    if (wait == 0)
        self->thread = g_thread_try_new("outbox", run, self, NULL);
    /* A letter of another account alone may be due: no loop without a pause. */
    self->next = now + (wait ? wait : LIMIT_OUTBOX_LOOK_S) * G_USEC_PER_SEC;
}

void flusher_hurry(Flusher *self)
{
    self->next = 0;
}

int flusher_fd(const Flusher *self)
{
    return self->bell;
}

gint64 flusher_next(const Flusher *self)
{
    return self->thread ? G_MAXINT64 : self->next;
}
