/* See absorb-fixture.h. */
#include "tests/unit/store/absorb-fixture.h"

#include <string.h>

const AbsorbOptions plain = {.share = INDEX_FULL, .may_decrypt = FALSE};

Index *open_index(const Fixture *fixture)
{
    g_autoptr(GError) error = NULL;
    Index *index = index_open(fixture->dir, fixture->id, fixture->private_key, &error);
    if (index == NULL)
        fail_msg("%s", error->message);
    return index;
}

guint64 absorb_all(const Fixture *fixture, Vault *vault, Index *index, const AbsorbOptions *options)
{
    g_autoptr(GError) error = NULL;
    guint64 added = 0;
    if (!absorb(vault, fixture->private_key, index, options, &added, &error))
        fail_msg("%s", error->message);
    return added;
}

GPtrArray *find(Index *index, const char *text)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Query) query = query_parse(text, 0, &error);
    GPtrArray *hits = query ? index_search(index, query, 0, SORT_OLDEST, &error) : NULL;
    if (hits == NULL)
        fail_msg("%s", error->message);
    return hits;
}

guint count(Index *index, const char *text)
{
    g_autoptr(GPtrArray) hits = find(index, text);
    return hits->len;
}

void put(const Fixture *fixture, Vault *vault, GBytes *mail, guint32 uid)
{
    g_autoptr(VaultWriter) writer = fixture_writer(fixture, vault);
    Arrival arrival = {.account = "work", .mailbox = "INBOX", .uid = uid, .internaldate = 1000};
    gsize size;
    const char *data = g_bytes_get_data(mail, &size);
    store_mail(writer, data, size, &arrival);
    assert_true(vault_commit(writer, NULL, NULL, NULL));
}

void put_text(const Fixture *fixture, Vault *vault, const char *mail, guint32 uid)
{
    g_autoptr(GBytes) bytes = g_bytes_new(mail, strlen(mail));
    put(fixture, vault, bytes, uid);
}
