/* See agree.h. */
#include "store/agree.h"

#include "core/error.h"
#include "store/index-search.h"

typedef struct {
    Vault *vault;
    const Secret *vault_private;
    Index *fresh;
    const AgreeOptions *options;
    DifferenceTaker taker;
    gpointer user;
    gint64 position;
    guint64 unopened;
} Agreement;

/* A message that does not open is absorbed empty, and told at the end. */
static gboolean replay_until(Agreement *self, gint64 position, GError **error)
{
    g_autoptr(GError) failure = NULL;
    const AbsorbOptions options = {.share = self->options->share,
                                   .aside = TRUE,
                                   .until = position,
                                   .progress = self->options->progress,
                                   .user = self->options->user};
    if (position == 0 ||
        absorb(self->vault, self->vault_private, self->fresh, &options, NULL, &failure) ||
        absorb_is_damage(failure))
        return TRUE;
    g_propagate_error(error, g_steal_pointer(&failure));
    return FALSE;
}

/* A record behind the index's position may say that the message was removed; it is so already. */
static gboolean take(gpointer user, gint64 row, const char *id, const char *what, GError **error)
{
    Agreement *self = user;
    gint64 end = 0;
    gboolean has = FALSE;
    if (what == NULL && (!vault_journal_end(self->vault, &end, error) ||
                         !vault_has_message(self->vault, row, id, &has, error)))
        return FALSE;
    return (has && end > self->position) || self->taker(self->user, row, id, what, error);
}

/* What others brought in while the most of it was replayed is little. */
static gboolean compare(Index *index, gpointer user, GError **error)
{
    Agreement *self = user;
    self->position = index_position(index);
    return replay_until(self, self->position, error) &&
           index_compare(index, self->fresh, take, self, &self->unopened, error);
}

gboolean agree(Vault *vault, const Secret *vault_private, Index *index, const AgreeOptions *options,
               DifferenceTaker taker, gpointer user, guint64 *unopened, GError **error)
{
    g_autoptr(Index) fresh = index_aside(options->store, vault_id(vault), vault_private, error);
    Agreement self = {.vault = vault,
                      .vault_private = vault_private,
                      .fresh = fresh,
                      .options = options,
                      .taker = taker,
                      .user = user};
    gboolean fine = fresh && replay_until(&self, index_position(index), error) &&
                    index_in_one_state(index, compare, &self, error);
    *unopened = self.unopened;
    return fine;
}
