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

/* Of a message's flags, short: nobody gains by a false one. In any order; \Recent does not count.
 */
#define FLAGS_MAC_SIZE 8
void flags_mac(const NameKey *key, const guint8 mailbox_mac[static MAC_SIZE], guint32 uid,
               GStrv flags, guint8 mac[static FLAGS_MAC_SIZE]);

void name_mac(const NameKey *key, const char *kind, const char *account, const char *name,
              guint8 mac[static MAC_SIZE]);
