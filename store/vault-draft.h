/*
 * vault-draft — letters that are being written. Each is sealed to the vault's public half, so that
 * one is kept while the vault is locked; to open it again takes the private half. What a draft
 * holds is bytes here: its head does not change, its text is written anew again and again, what it
 * encloses seldom.
 *
 * Whoever works on one has a claim on it, a kernel lock that ends with the process. It goes into
 * the outbox, and comes back from there, in one transaction: a letter is always in one place.
 *
 * Writing takes neither the match key nor the writer's lock: fetchd may run meanwhile.
 */
#pragma once

#include "store/vault-outbox.h"

typedef struct {
    GBytes *head, *text, *parts;
} DraftContent;
void draft_content_clear(DraftContent *content);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(DraftContent, draft_content_clear)

typedef struct VaultDraft VaultDraft;
void vault_draft_free(VaultDraft *draft);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VaultDraft, vault_draft_free)

/* Adds one that nobody has written at yet, durable on return. */
VaultDraft *vault_draft_new(Vault *vault, const DraftContent *content,
                            GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The one called ID. NULL without *error: there is none; 75 "draft.busy": somebody works on it. */
VaultDraft *vault_draft_claim(Vault *vault, const char *id, GError **error);

/* base32, 16 characters; valid as long as the claim. */
const char *vault_draft_id(const VaultDraft *draft);

/* Fills CONTENT. 74 "vault.record": it does not open. */
gboolean vault_draft_open(Vault *vault, const Secret *vault_private, const VaultDraft *draft,
                          DraftContent *content, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Its TEXT, and PARTS unless they are the same (NULL). Durable on return. */
gboolean vault_draft_save(Vault *vault, VaultDraft *draft, GBytes *text, GBytes *parts,
                          GError **error) G_GNUC_WARN_UNUSED_RESULT;

gboolean vault_draft_drop(Vault *vault, VaultDraft *draft,
                          GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* vault_outbox_add(), and the draft is none any more. */
gboolean vault_draft_submit(Vault *vault, VaultDraft *draft, const GPtrArray *letters,
                            GPtrArray *claims, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The way back: what CLAIMS (OutboxClaim *) stand for leaves the outbox, and CONTENT is the draft
 * again. */
gboolean vault_draft_return(Vault *vault, VaultDraft *draft, const DraftContent *content,
                            const GPtrArray *claims, GError **error) G_GNUC_WARN_UNUSED_RESULT;

typedef struct {
    char id[17];
    gint64 since, changed; /* seconds since 1970 */
    guint64 bytes;         /* sealed */
    gboolean busy;         /* somebody works on it */
    gboolean touched;      /* FALSE: nobody wrote at it yet */
    gboolean damaged;      /* it does not open with the private key */
    GBytes *head, *text;   /* NULL without that, or when it is damaged */
} DraftEntry;
typedef gboolean (*DraftTaker)(gpointer user, const DraftEntry *entry, GError **error);

/* Every draft, the oldest first; stops at TAKER's first FALSE. VAULT_PRIVATE may be NULL. */
gboolean vault_draft_list(Vault *vault, const Secret *vault_private, DraftTaker taker,
                          gpointer user, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* How many somebody wrote at. Needs no key. */
gboolean vault_draft_count(Vault *vault, guint *count, GError **error) G_GNUC_WARN_UNUSED_RESULT;
