/*
 * autocrypt — the key that a sender's mail carries, and that ours does (Autocrypt Level 1,
 * https://autocrypt.org/level1.html). What it says is nobody's word: whoever writes From writes
 * this.
 */
#pragma once

#include <glib.h>

#include "mime/message.h"

/*
 * The key that MAIL, which may be cut behind its header, carries for its sender; NULL when there is
 * none that counts: one field Autocrypt must be valid and for the only address in From, no
 * attribute of it may be unknown without an underscore, and the message is no report and comes from
 * no mailing list. Keys of more than LIMIT_CARRIED_KEY bytes are none. `key` is as it came.
 */
CarriedKey *autocrypt_read(GBytes *mail);

/*
 * What MESSAGE, which was encrypted, says of the keys of others (Autocrypt-Gossip): CarriedKey *,
 * by address; NULL for nothing. FIELDS is the head of what was under the encryption (HeaderField
 * *); fields elsewhere are nobody's. As above, but for those that To or Cc name, the sender
 * excepted, and of the first LIMIT_GOSSIP fields.
 */
GPtrArray *autocrypt_gossip(const Message *message, const GPtrArray *fields);

/* Level 1's "discourage": mail that last carried the key then (KEY), and its owner, who wrote since
 * (SEEN), has for more than 35 days done so without. Seconds since 1970. */
gboolean autocrypt_is_stale(gint64 key, gint64 seen);

/* The field's value for KEY of ADDRESS, in words that can be folded; MUTUAL asks others to encrypt
 * to it by themselves. NULL for more than LIMIT_AUTOCRYPT_FIELD bytes, and for an address that
 * cannot stand there. */
char *autocrypt_write(const char *address, GBytes *key, gboolean mutual);
