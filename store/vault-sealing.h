/*
 * vault-sealing — messages on their way through a thread that compresses and seals them, so that
 * the writer's own can read from its child and write to the disk meanwhile. Bytes go in; chunks and
 * marks come out, in the same order. The thread knows neither batch nor database.
 *
 * At most LIMIT_SEALING_BYTES of mail wait in it, and as much of what was made of them.
 */
#pragma once

#include "store/vault-batch.h"

typedef struct Sealing Sealing;

/* Called in the thread of the caller, from within the functions below. */
typedef struct {
    gboolean (*chunk)(gpointer user, BatchMessage *message, guint32 n, const guint8 *sealed,
                      gsize size, GError **error);
    /* No more will come of MESSAGE. WHOLE: its identity and chunks_mac are set; else it was
     * aborted. */
    gboolean (*ended)(gpointer user, BatchMessage *message, gboolean whole, GError **error);
} SealingTaker;

/* The thread starts with the first message. TAKER is borrowed. */
Sealing *sealing_new(const guint8 vault_id[static VAULT_ID_SIZE], const Secret *match_key,
                     const SealingTaker *taker, gpointer user);
/* What is still in it is forgotten. */
void sealing_free(Sealing *sealing);

/* FALSE with what TAKER said: then nothing but sealing_free() may follow. MESSAGE is the caller's,
 * with its id and key set, and stays as it is until it ended. */
gboolean sealing_start(Sealing *sealing, BatchMessage *message,
                       GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean sealing_write(Sealing *sealing, const guint8 *data, gsize size,
                       GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean sealing_end(Sealing *sealing, gboolean whole, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Waits until everything came out. */
gboolean sealing_settle(Sealing *sealing, GError **error) G_GNUC_WARN_UNUSED_RESULT;
