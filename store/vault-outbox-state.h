/* vault-outbox-state — what the files vault-outbox-*.c and vault-draft.c share, and nobody else
 * sees. */
#pragma once

#include "store/vault-outbox.h"
#include "store/vault-sql.h"

/* A row's record in clear. */
typedef struct {
    char *account, *from, *subject;
    GPtrArray *recipients; /* char * */
    GPtrArray *answers;    /* char *, "" for none */
    gboolean encrypted, sensitive;
    IndexShare share;
    Notice notice;
} OutboxRecord;

/* What they have in common, but for the recipients. */
OutboxRecord outbox_record_like(const OutboxLetter *letter);

void outbox_record_clear(OutboxRecord *record);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(OutboxRecord, outbox_record_clear)

/* The outbox's own key pair (vault-outbox-key.h). */
typedef struct {
    guint8 public_key[KEY_SIZE];
    GBytes *sealed;
} OutboxPair;
gboolean outbox_pair_load(Vault *vault, OutboxPair *pair, gboolean *there,
                          GError **error) G_GNUC_WARN_UNUSED_RESULT;
void outbox_pair_clear(OutboxPair *pair);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(OutboxPair, outbox_pair_clear)
/* Its private half, by KEY: that itself, or the vault's. */
Secret *outbox_pair_private(Vault *vault, const OutboxPair *pair, const Secret *key,
                            GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Sealed under a batch key of its own, whose ephemeral half stands in front, behind a byte that
 * says whose public half it is: the vault's or, UNATTENDED and if there is one, the outbox's. ID is
 * of MESSAGE_ID_SIZE bytes. NULL with 74 "vault.key". */
GBytes *outbox_seal(Vault *vault, gboolean unattended, const char *what, const guint8 *id,
                    const void *data, gsize size, GError **error);
/* By KEY, the private half of the vault's pair or of the outbox's. *UNATTENDED (may be NULL): to
 * which it is sealed. 74 "vault.record". */
GBytes *outbox_open(Vault *vault, const Secret *key, const char *what, const guint8 *id,
                    const guint8 *sealed, gsize size, gboolean *unattended, GError **error);
#define OUTBOX_LETTER "outbox letter"
#define OUTBOX_ROW "outbox"

GBytes *outbox_record_pack(const OutboxRecord *record);
gboolean outbox_record_read(Vault *vault, GBytes *plain, OutboxRecord *record, GError **error);

/* The kernel lock on ROW, a byte of the file NAME: its descriptor; -1 without *error when somebody
 * has it. */
int vault_row_lock(const Vault *vault, const char *name, gint64 row, GError **error);
int outbox_lock(const Vault *vault, gint64 row, GError **error);

/* --- rows ---------------------------------------------------------------------------------- */

/* A row as it is to be. */
typedef struct {
    gint64 row; /* 0: a new one */
    gint64 letter, copy, since, tried;
    guint tries;
    OutboxState state;
    gboolean unattended;
    const OutboxRecord *record;
} OutboxRow;

/* Within a transaction: writes ROW, whose number it gets when it is new. */
gboolean outbox_row_write(Vault *vault, OutboxRow *row, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Its id in base32. */
gboolean outbox_row_name(Vault *vault, gint64 row, char name[static 17],
                         GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* --- claims -------------------------------------------------------------------------------- */

struct OutboxClaim {
    int lock;
    gint64 row, letter_row, since;
    guint tries;
    gboolean unattended;
    OutboxState state; /* as it was taken */
    char id[17];
    char ids[OUTBOX_FILING + 1][17]; /* of the row where those are who got that state; or "" */
    OutboxRecord record;
    OutboxLetter letter; /* points into the record, but for the bytes */
    GBytes *copy;        /* owned; or NULL */
};

/* On LETTER, which has no row yet. */
OutboxClaim *outbox_claim_new(const OutboxLetter *letter);
/* It becomes one on ROW, which is new: the lock before the commit, so that nobody sees the row
 * without it. */
gboolean outbox_claim_take(Vault *vault, OutboxClaim *claim, gint64 row,
                           GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* What its record says shows in its letter. */
void outbox_claim_expose(OutboxClaim *claim);

/* Within a transaction: vault_outbox_add(), and all rows of the letter of CLAIM out again. */
gboolean outbox_add_all(Vault *vault, const GPtrArray *letters, GPtrArray *claims,
                        GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean outbox_take_back(Vault *vault, const OutboxClaim *claim,
                          GError **error) G_GNUC_WARN_UNUSED_RESULT;
