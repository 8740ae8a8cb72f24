/* fuzz-record — journal records and UID sets, as somebody who has the vault's public key (or the
 * database) could put them there. What is taken must come out again as the same bytes. */
#include <string.h>

#include "store/ranges.h"
#include "store/vault-record.h"

int LLVMFuzzerTestOneInput(const guint8 *data, gsize size);

static void must_be(GBytes *packed, const guint8 *data, gsize size)
{
    gsize length;
    const void *bytes = g_bytes_get_data(packed, &length);
    if (length != size || (size > 0 && memcmp(bytes, data, size) != 0))
        g_error("it packs differently");
    g_bytes_unref(packed);
}

int LLVMFuzzerTestOneInput(const guint8 *data, gsize size)
{
    Arrival arrival;
    JournalKind kind;
    if (journal_unpack(data, size, &kind, &arrival)) {
        must_be(journal_pack(kind, &arrival), data, size);
        arrival_clear(&arrival);
    }
    g_autoptr(GArray) set = ranges_unpack(data, size);
    if (set)
        must_be(ranges_pack(set), data, size);
    return 0;
}
