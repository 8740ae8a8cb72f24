/*
 * address — mailboxes out of address fields. Reading is lenient and never fails; sending is
 * strict (address_parse_list() in compose.h). Our own, because GMime's parser recurses once for
 * each "a:" and dies on 60 KB of them, and hands any charset name to iconv.
 */
#pragma once

#include <glib.h>

#include "core/letter.h"

/*
 * Appends the mailboxes of RAW, an unfolded field value, to OUT until that holds MAX. Groups are
 * flattened, source routes dropped, names decoded. A name that looks like an address stays a
 * name: what stands between < and > is the address. Linear time.
 */
void address_read(const char *raw, guint max, GPtrArray *out);

/* "Name <local@domain>" or "local@domain". */
char *address_format(const Mailbox *mailbox);

/* mailbox_free() as a GDestroyNotify. */
void address_destroy(gpointer mailbox);

/* Does one of MAILBOXES (Mailbox *) have ADDRESS, in any case? */
gboolean address_among(const GPtrArray *mailboxes, const char *address);

/* Appends the address of each of MAILBOXES (Mailbox *) to ADDRESSES (char *); it stays theirs. */
void address_gather(const GPtrArray *mailboxes, GPtrArray *addresses);

/* Why a mailbox is not fit to be sent to. */
typedef enum {
    ADDRESS_GROUP = 1 << 0,
    ADDRESS_ROUTE = 1 << 1,
    ADDRESS_MALFORMED = 1 << 2, /* leftovers, nothing closed, an address in an unquoted name */
} AddressFlaws;

/* As address_read(), telling the flaws of all mailboxes read. For address-strict.c. */
AddressFlaws address_scan(const char *raw, guint max, GPtrArray *out);
