/* See vault-sealing.h. Loads go to the thread and come back for the next; to wake it for each
 * message would cost more than it saves. */
#include "store/vault-sealing.h"

#include <string.h>

#include "core/limits.h"
#include "core/secret.h"

#define LOADS 3
#define LOAD_BYTES (LIMIT_SEALING_BYTES / LOADS)
/* Steps take room too, and a message may be empty. */
#define LOAD_STEPS 512
/* More than loads, since a long message or its padding gives several. */
#define YIELDS (LOADS + 1)
#define YIELD_BYTES (LIMIT_SEALING_BYTES / YIELDS)

typedef struct {
    enum { STEP_START, STEP_WRITE, STEP_END, STEP_ABORT } kind;
    BatchMessage *message; /* that starts */
    gsize size;            /* of what is written */
} Step;

typedef struct {
    GByteArray *bytes; /* of mail: never grows, so that no copy stays behind */
    GArray *steps;
} Load;

/* A chunk, or the end of a message. */
typedef struct {
    enum { MADE_CHUNK, MADE_END, MADE_ABORT } kind;
    BatchMessage *message;
    guint32 n;
    gsize at, size; /* in the yield's bytes */
} Made;

typedef struct {
    GByteArray *sealed;
    GArray *made;
    Load *load;    /* is done with; or NULL */
    GError *error; /* of the sink, or NULL */
} Yield;

struct Sealing {
    guint8 vault_id[VAULT_ID_SIZE];
    const SealingTaker *taker;
    gpointer user;
    GThread *thread;
    GAsyncQueue *todo;  /* Load *, or the Sealing itself, to end */
    GAsyncQueue *empty; /* Yield * */
    GAsyncQueue *done;  /* Yield * */

    /* the caller's */
    Load *load;
    GQueue spare; /* Load * */
    guint away;   /* loads in the thread */
    gboolean failed;

    /* the thread's */
    Yield *yield;
    BatchMessage *sealed; /* between start and end */
    Mac *identity, *chunks;
    Sink *sink;
    gboolean dead;
};

/* --- in the thread -------------------------------------------------------------------------- */

static Yield *yield_room(Sealing *self)
{
    if (self->yield == NULL)
        self->yield = g_async_queue_pop(self->empty);
    return self->yield;
}

static void give(Sealing *self)
{
    g_async_queue_push(self->done, g_steal_pointer(&self->yield));
}

static void add_made(Sealing *self, Made made)
{
    g_array_append_val(yield_room(self)->made, made);
}

static gboolean take_chunk(gpointer user, guint32 n, const guint8 *sealed, gsize size,
                           GError **error)
{
    Sealing *self = user;
    (void)error;
    digest_chunk(self->chunks, sealed, size);
    GByteArray *to = yield_room(self)->sealed;
    add_made(self, (Made){MADE_CHUNK, self->sealed, n, to->len, size});
    g_byte_array_append(to, sealed, (guint)size);
    if (to->len >= YIELD_BYTES)
        give(self);
    return TRUE;
}

static void start(Sealing *self, BatchMessage *message)
{
    self->sealed = message;
    mac_reset(self->identity);
    digest_begin(self->chunks);
    if (self->sink)
        seal_sink_again(self->sink, message->id, message->key);
    else
        self->sink = seal_sink(self->vault_id, message->id, message->key, take_chunk, self);
}

static gboolean end(Sealing *self, GError **error)
{
    if (!sink_finish(self->sink, error))
        return FALSE;
    mac_finish(self->identity, self->sealed->identity);
    mac_finish(self->chunks, self->sealed->chunks_mac);
    add_made(self, (Made){.kind = MADE_END, .message = self->sealed});
    return TRUE;
}

static gboolean take_step(Sealing *self, const Step *step, const guint8 *bytes, GError **error)
{
    switch (step->kind) {
    case STEP_START: start(self, step->message); return TRUE;
    case STEP_WRITE:
        mac_update(self->identity, bytes, step->size);
        return sink_write(self->sink, bytes, step->size, error);
    case STEP_END: return end(self, error);
    case STEP_ABORT:
        add_made(self, (Made){.kind = MADE_ABORT, .message = self->sealed});
        return TRUE;
    }
    return TRUE;
}

static void unload(Sealing *self, Load *load)
{
    const guint8 *bytes = load->bytes->data;
    GError *error = NULL;
    for (guint i = 0; i < load->steps->len && !self->dead; i++) {
        const Step *step = &g_array_index(load->steps, Step, i);
        self->dead = !take_step(self, step, bytes, &error);
        bytes += step->size;
    }
    secret_wipe(load->bytes->data, load->bytes->len);
    yield_room(self)->load = load;
    self->yield->error = error;
    give(self);
}

static gpointer work(gpointer user)
{
    Sealing *self = user;
    for (gpointer load; (load = g_async_queue_pop(self->todo)) != self;)
        unload(self, load);
    return NULL;
}

/* --- outside of it -------------------------------------------------------------------------- */

static Load *load_new(void)
{
    Load *load = g_new(Load, 1);
    load->bytes = g_byte_array_sized_new(LOAD_BYTES);
    load->steps = g_array_new(FALSE, FALSE, sizeof(Step));
    return load;
}

static void load_free(Load *load)
{
    secret_wipe(load->bytes->data, load->bytes->len);
    g_byte_array_unref(load->bytes);
    g_array_unref(load->steps);
    g_free(load);
}

static void yield_free(gpointer data)
{
    Yield *yield = data;
    g_byte_array_unref(yield->sealed);
    g_array_unref(yield->made);
    g_clear_error(&yield->error);
    g_free(yield);
}

Sealing *sealing_new(const guint8 vault_id[static VAULT_ID_SIZE], const Secret *match_key,
                     const SealingTaker *taker, gpointer user)
{
    Sealing *self = g_new0(Sealing, 1);
    memcpy(self->vault_id, vault_id, VAULT_ID_SIZE);
    self->taker = taker;
    self->user = user;
    self->identity = mac_new(secret_bytes(match_key), secret_size(match_key));
    self->chunks = digest_new(match_key);
    self->todo = g_async_queue_new();
    self->empty = g_async_queue_new_full(yield_free);
    self->done = g_async_queue_new_full(yield_free);
    return self;
}

static void begin(Sealing *self)
{
    for (guint i = 0; i < LOADS; i++)
        g_queue_push_tail(&self->spare, load_new());
    for (guint i = 0; i < YIELDS; i++) {
        Yield *yield = g_new0(Yield, 1);
        yield->sealed = g_byte_array_new();
        yield->made = g_array_new(FALSE, FALSE, sizeof(Made));
        g_async_queue_push(self->empty, yield);
    }
    self->load = g_queue_pop_head(&self->spare);
    self->thread = g_thread_new("sealing", work, self);
}

static gboolean take_made(Sealing *self, const Yield *yield, const Made *made, GError **error)
{
    const SealingTaker *taker = self->taker;
    if (made->kind != MADE_CHUNK)
        return taker->ended(self->user, made->message, made->kind == MADE_END, error);
    return taker->chunk(self->user, made->message, made->n, yield->sealed->data + made->at,
                        made->size, error);
}

/* Its vessels are used again, whatever the taker says. */
static void take_yield(Sealing *self, Yield *yield, GError **error)
{
    for (guint i = 0; i < yield->made->len && !self->failed; i++)
        self->failed = !take_made(self, yield, &g_array_index(yield->made, Made, i), error);
    if (yield->error && !self->failed) {
        self->failed = TRUE;
        g_propagate_error(error, g_steal_pointer(&yield->error));
    }
    if (yield->load) {
        g_byte_array_set_size(yield->load->bytes, 0);
        g_array_set_size(yield->load->steps, 0);
        g_queue_push_tail(&self->spare, g_steal_pointer(&yield->load));
        self->away--;
    }
    g_clear_error(&yield->error);
    g_byte_array_set_size(yield->sealed, 0);
    g_array_set_size(yield->made, 0);
    g_async_queue_push(self->empty, yield);
}

static gboolean hand_over(Sealing *self, GError **error)
{
    Yield *yield;
    g_async_queue_push(self->todo, g_steal_pointer(&self->load));
    self->away++;
    while ((yield = g_async_queue_try_pop(self->done)))
        take_yield(self, yield, error);
    while (g_queue_is_empty(&self->spare))
        take_yield(self, g_async_queue_pop(self->done), error);
    self->load = g_queue_pop_head(&self->spare);
    return !self->failed;
}

static void settle(Sealing *self, GError **error)
{
    if (self->load && self->load->steps->len > 0)
        (void)hand_over(self, error);
    while (self->away > 0)
        take_yield(self, g_async_queue_pop(self->done), error);
}

gboolean sealing_settle(Sealing *self, GError **error)
{
    settle(self, error);
    return !self->failed;
}

void sealing_free(Sealing *self)
{
    if (self == NULL)
        return;
    if (self->thread) {
        self->failed = TRUE;
        settle(self, NULL);
        g_async_queue_push(self->todo, self);
        g_thread_join(self->thread);
    }
    if (self->load)
        load_free(self->load);
    g_queue_clear_full(&self->spare, (GDestroyNotify)load_free);
    if (self->yield)
        yield_free(self->yield);
    g_async_queue_unref(self->todo);
    g_async_queue_unref(self->empty);
    g_async_queue_unref(self->done);
    sink_free(self->sink);
    mac_free(self->identity);
    mac_free(self->chunks);
    g_free(self);
}

static gboolean add_step(Sealing *self, Step step, GError **error)
{
    g_array_append_val(self->load->steps, step);
    return self->load->steps->len < LOAD_STEPS || hand_over(self, error);
}

gboolean sealing_start(Sealing *self, BatchMessage *message, GError **error)
{
    if (self->thread == NULL)
        begin(self);
    return add_step(self, (Step){.kind = STEP_START, .message = message}, error);
}

gboolean sealing_write(Sealing *self, const guint8 *data, gsize size, GError **error)
{
    while (size > 0) {
        if (self->load->bytes->len == LOAD_BYTES && !hand_over(self, error))
            return FALSE;
        gsize now = MIN(size, LOAD_BYTES - self->load->bytes->len);
        g_byte_array_append(self->load->bytes, data, (guint)now);
        if (!add_step(self, (Step){.kind = STEP_WRITE, .size = now}, error))
            return FALSE;
        data += now;
        size -= now;
    }
    return TRUE;
}

gboolean sealing_end(Sealing *self, gboolean whole, GError **error)
{
    return add_step(self, (Step){.kind = whole ? STEP_END : STEP_ABORT}, error);
}
