/* See pgpmime.h: what a reader is told of the sender and of the time. */
#include <stdlib.h>
#include <string.h>

#include "crypto/doubts.h"
#include "crypto/pgpmime-internal.h"

#define SAME_TIME_S                                                                                \
    (60 * 60) /* a letter is signed when it is sent, by clocks that are not exact                  \
               */

static void doubt_sender(const Reading *reading)
{
    g_autoptr(GPtrArray) from = message_addresses(reading->message, "From");
    if (from->len > 1)
        protection_warn(reading->protection, "several-senders", "it names %u senders", from->len);
    for (guint i = 0; i < from->len; i++) {
        const Mailbox *mailbox = g_ptr_array_index(from, i);
        g_autofree char *other = doubt_name(mailbox->name, mailbox->address);
        if (other == NULL)
            continue;
        protection_warn(reading->protection, "name-is-address",
                        "the sender calls himself %s, but the address is %s", other,
                        mailbox->address);
        return;
    }
}

/* Signed once, sent again: a signature does not cover outer fields. */
static void doubt_time(const Reading *reading)
{
    gint64 date = message_date(reading->message);
    for (guint i = 0; i < reading->protection->signatures->len; i++) {
        const Signature *signature = g_ptr_array_index(reading->protection->signatures, i);
        if (signature->whole && signature->created != 0 && date != 0 &&
            llabs(signature->created - date) > SAME_TIME_S) {
            g_autoptr(GDateTime) time = g_date_time_new_from_unix_local(signature->created);
            g_autofree char *text = g_date_time_format(time, "%Y-%m-%d %H:%M");
            protection_warn(reading->protection, "signature-date",
                            "it was signed at another time than it says: %s", text);
            return;
        }
    }
}

void reading_doubt(const Opening *opening)
{
    doubt_sender(opening->reading);
    doubt_time(opening->reading);
}

/* What ADDRESS looks like and is not; owned by the lists. */
static const char *looks_like(const char *address, char **addresses, char **domains)
{
    const char *at = strrchr(address, '@');
    for (; *addresses; addresses++)
        if (doubt_address(address, *addresses))
            return *addresses;
    for (; at && *domains; domains++)
        if (doubt_domain(at + 1, *domains))
            return *domains;
    return NULL;
}

void reading_compare(Reading *reading, char **addresses, char **domains)
{
    static const char *const names[] = {"From", "Sender", "Reply-To"};
    for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autoptr(GPtrArray) mailboxes = message_addresses(reading->message, names[i]);
        for (guint n = 0; n < MIN(mailboxes->len, 16); n++) {
            const char *address = ((Mailbox *)g_ptr_array_index(mailboxes, n))->address;
            const char *known = looks_like(address, addresses, domains);
            if (known == NULL)
                continue;
            protection_warn(reading->protection, "look-alike", "%s looks like %s and is not",
                            address, known);
            return;
        }
    }
}
