/* absorb-read — one message, out of the vault and made ready for the index. */
#pragma once

#include "store/absorb-doc.h"
#include "store/vault.h"

/* For one thread: the vault is a connection of its own. */
typedef struct {
    Vault *vault;
    const Secret *vault_private;
    AbsorbRules rules; /* its way may change, see there */
    gboolean hear;     /* AbsorbOptions */
} AbsorbReader;

/* How a message is looked at: as a new one, a new one that is sealed singly, or one that waits. */
typedef enum { LOOK_NEW, LOOK_SINGLY, LOOK_AGAIN } Look;

typedef struct {
    IndexDoc *doc; /* of a message that does not open, or was removed, an empty one */
    guint64 size;
    Waits waits;         /* absorb_doc() */
    SessionKeys *opened; /* it was opened by these, which are to be kept; or NULL */
    GError *damage;      /* why it does not open; or NULL */
} AbsorbRead;
void absorb_read_clear(AbsorbRead *read);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(AbsorbRead, absorb_read_clear)

/* READ must be zero. FALSE with *error only for trouble with the store itself. */
gboolean absorb_read(AbsorbReader *reader, const char *id, Look look, AbsorbRead *read,
                     GError **error) G_GNUC_WARN_UNUSED_RESULT;
