/*
 * deliver — where an account's new mail is handed on to, in clear, beside the vault (`deliver =`):
 * a local LMTP server (RFC 2033) or a Maildir. Nothing of a message is written anywhere else, and
 * nothing is handed on as whole before its giver says that it is.
 *
 * Errors: 75 "deliver.message" when this message alone was refused; "deliver.lost" when the server
 * went away over it, so that nobody knows; all others when nothing can be handed on for now: 75
 * "deliver.unreachable", "deliver.timeout", "deliver.protocol", "deliver.recipient",
 * "deliver.write"; 73 "deliver.directory"; 78 "deliver.socket", "deliver.address".
 */
#pragma once

#include "core/config.h"

typedef struct Deliverer Deliverer;
struct Deliverer {
    /* One message: start, write any number of times, finish or abort. Lines end as they came. */
    gboolean (*start)(Deliverer *self, GError **error);
    gboolean (*write)(Deliverer *self, const guint8 *data, gsize size, GError **error);
    /* The message is whole. NAME (letters and digits) stands for these bytes; AGAIN: they may have
     * been handed on before. On failure it is as good as aborted. */
    gboolean (*finish)(Deliverer *self, const char *name, gboolean again, GError **error);
    /* Takes back what was started; the reader never sees it. */
    void (*abort)(Deliverer *self);
    /* What was finished is durable. */
    gboolean (*settle)(Deliverer *self, GError **error);
    /* Messages to be finished between two calls of settle(): few, where the reader could not tell
     * that it has one already. */
    guint many;
    void (*free)(Deliverer *self);
};
void deliverer_free(Deliverer *deliverer);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Deliverer, deliverer_free)

/* Reaches what ACCOUNT's `deliver` names, and asks whether it takes mail for the account. Makes the
 * Maildir when there is none. */
Deliverer *deliver_open(const Account *account, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The two kinds. */
Deliverer *lmtp_open(const char *path, const char *recipient,
                     GError **error) G_GNUC_WARN_UNUSED_RESULT;
Deliverer *maildir_open(const char *dir, GError **error) G_GNUC_WARN_UNUSED_RESULT;
