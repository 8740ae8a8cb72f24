/*
 * vault-names — how names are looked up without being readable: HMAC-SHA256 under a key derived
 * from the match key, over the kind of name, the account and the name.
 */
#pragma once

#include "core/secret.h"
#include "crypto/aead.h"

typedef struct NameKey NameKey;
NameKey *name_key_new(const Secret *match_key);
void name_key_free(NameKey *key);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NameKey, name_key_free)

void name_mac(const NameKey *key, const char *kind, const char *account, const char *name,
              guint8 mac[static MAC_SIZE]);
