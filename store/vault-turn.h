/*
 * vault-turn — what the writers of one process share: the lock on the store, whose turn it is to
 * write, and how much sealed mail they hold in memory together. Each belongs to one thread, with a
 * connection of its own to the database; SQLite lets one of them write at a time, and to wait here
 * is fairer and shorter than its busy handler.
 */
#pragma once

#include <glib.h>

typedef struct VaultTurn VaultTurn;

/* Takes the lock on DIR. 75 "vault.busy" when another process has it, 74 "vault.write". */
VaultTurn *turn_take(const char *dir, GError **error) G_GNUC_WARN_UNUSED_RESULT;
VaultTurn *turn_share(VaultTurn *turn);
/* With the last one the lock is free. */
void turn_leave(VaultTurn *turn);

/* Around each transaction; they may count on nothing being written meanwhile. Here and below NULL
 * stands for one who has not the lock, and nobody to wait for. */
void turn_begin(VaultTurn *turn);
void turn_end(VaultTurn *turn);

/* Between the two: how often messages were stored or removed so far, and that this is once more. */
guint64 turn_changes(const VaultTurn *turn);
void turn_change(VaultTurn *turn);

/* Sealed bytes that wait in memory; DELTA may be negative. The sum over all writers, 0 without the
 * lock. */
gssize turn_stage(VaultTurn *turn, gssize delta);
