/* See absorb-ahead.h. */
#include "store/absorb-ahead.h"

#include <string.h>

#include "store/vault-tags.h"

/* While more than this waits to be taken, nothing is read: a doc has no more words than its mail.
 */
#define WAITING_BYTES (4 * 1024 * 1024)

typedef struct {
    char id[17];
    Look look;
    AbsorbRead read;
    GError *error;
    gsize weight;
} Job;

struct AbsorbAhead {
    GThread *thread;
    AbsorbReader reader; /* the thread's */
    AbsorbRules rules;   /* as they came, with what is to be done while somebody is asked */
    GMutex mutex;        /* for all that follows */
    GCond changed;
    GQueue asked, done; /* Job */
    gboolean asking;    /* somebody is asked for a passphrase, since the last one was read */
    gboolean ends;
    gsize waiting; /* weight of all that is done */
};

static void job_free(gpointer data)
{
    Job *job = data;
    absorb_read_clear(&job->read);
    g_clear_error(&job->error);
    g_free(job);
}

static gboolean may_read(const AbsorbAhead *self)
{
    return self->asked.length > 0 && self->waiting < WAITING_BYTES;
}

static gsize weight_of(const IndexDoc *doc)
{
    return doc && doc->body ? strlen(doc->body) : 0;
}

/* The next one to be read; NULL at the end. */
static Job *next_job(AbsorbAhead *self)
{
    g_mutex_lock(&self->mutex);
    while (!self->ends && !may_read(self))
        g_cond_wait(&self->changed, &self->mutex);
    Job *job = self->ends ? NULL : g_queue_pop_head(&self->asked);
    g_mutex_unlock(&self->mutex);
    return job;
}

/* By the thread: who waits for it does what is to be done. */
static void note_asking(gpointer user)
{
    AbsorbAhead *self = user;
    g_mutex_lock(&self->mutex);
    self->asking = TRUE;
    g_cond_broadcast(&self->changed);
    g_mutex_unlock(&self->mutex);
}

static gpointer run(gpointer data)
{
    AbsorbAhead *self = data;
    for (Job *job = next_job(self); job; job = next_job(self)) {
        if (!absorb_read(&self->reader, job->id, job->look, &job->read, &job->error))
            job->read.doc = NULL;
        job->weight = weight_of(job->read.doc);
        g_mutex_lock(&self->mutex);
        self->waiting += job->weight;
        self->asking = FALSE;
        g_queue_push_tail(&self->done, job);
        g_cond_broadcast(&self->changed);
        g_mutex_unlock(&self->mutex);
    }
    return NULL;
}

AbsorbAhead *ahead_new(const AbsorbReader *reader, GError **error)
{
    Vault *vault = vault_again(reader->vault, error);
    if (vault == NULL)
        return NULL;
    AbsorbAhead *self = g_new0(AbsorbAhead, 1);
    self->reader = *reader;
    self->reader.vault = vault;
    self->rules = reader->rules;
    self->reader.rules.asking = note_asking;
    self->reader.rules.user = self;
    g_mutex_init(&self->mutex);
    g_cond_init(&self->changed);
    g_queue_init(&self->asked);
    g_queue_init(&self->done);
    self->thread = g_thread_new("absorb", run, self);
    return self;
}

OpenWay ahead_free(AbsorbAhead *self)
{
    g_mutex_lock(&self->mutex);
    self->ends = TRUE;
    g_cond_broadcast(&self->changed);
    g_mutex_unlock(&self->mutex);
    g_thread_join(self->thread);
    OpenWay way = self->reader.rules.way;
    g_queue_clear_full(&self->asked, job_free);
    g_queue_clear_full(&self->done, job_free);
    vault_close(self->reader.vault);
    g_cond_clear(&self->changed);
    g_mutex_clear(&self->mutex);
    g_free(self);
    return way;
}

void ahead_ask(AbsorbAhead *self, const char *id, Look look)
{
    Job *job = g_new0(Job, 1);
    g_strlcpy(job->id, id, sizeof job->id);
    job->look = look;
    g_mutex_lock(&self->mutex);
    g_queue_push_tail(&self->asked, job);
    g_cond_broadcast(&self->changed);
    g_mutex_unlock(&self->mutex);
}

gboolean ahead_take(AbsorbAhead *self, AbsorbRead *read, GError **error)
{
    g_mutex_lock(&self->mutex);
    while (self->done.length == 0) {
        if (self->asking && self->rules.asking) {
            self->asking = FALSE;
            g_mutex_unlock(&self->mutex);
            self->rules.asking(self->rules.user);
            g_mutex_lock(&self->mutex);
        } else {
            g_cond_wait(&self->changed, &self->mutex);
        }
    }
    Job *job = g_queue_pop_head(&self->done);
    self->waiting -= job->weight;
    g_cond_broadcast(&self->changed);
    g_mutex_unlock(&self->mutex);
    gboolean fine = job->error == NULL;
    if (fine) {
        *read = job->read;
        job->read = (AbsorbRead){.doc = NULL};
    } else {
        g_propagate_error(error, g_steal_pointer(&job->error));
    }
    job_free(job);
    return fine;
}
