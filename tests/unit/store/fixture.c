#include "tests/unit/store/fixture.h"

#include <glib/gstdio.h>
#include <sqlite3.h>
#include <string.h>

int fixture_set_up(void **state)
{
    Fixture *fixture = g_new0(Fixture, 1);
    guint8 private_key[KEY_SIZE], match_key[KEY_SIZE];
    x25519_generate(private_key, fixture->public_key);
    random_bytes(match_key, sizeof match_key);
    random_bytes(fixture->id, sizeof fixture->id);
    fixture->private_key = secret_new(private_key, sizeof private_key);
    fixture->match_key = secret_new(match_key, sizeof match_key);
    fixture->dir = g_dir_make_tmp("postern-vault-XXXXXX", NULL);
    g_autoptr(GBytes) wrapped = g_bytes_new_static("wrapped", 7);
    g_autoptr(GError) error = NULL;
    *state = fixture;
    if (vault_create(fixture->dir, fixture->id, fixture->public_key, wrapped, fixture->match_key,
                     &error))
        return 0;
    print_error("%s\n", error->message);
    return -1;
}

int fixture_tear_down(void **state)
{
    Fixture *fixture = *state;
    g_autoptr(GDir) entries = g_dir_open(fixture->dir, 0, NULL);
    const char *name;
    while (entries && (name = g_dir_read_name(entries))) {
        g_autofree char *path = g_build_filename(fixture->dir, name, NULL);
        (void)g_unlink(path);
    }
    (void)g_rmdir(fixture->dir);
    secret_free(fixture->private_key);
    secret_free(fixture->match_key);
    g_free(fixture->dir);
    g_free(fixture);
    return 0;
}

Vault *fixture_open(const Fixture *fixture)
{
    g_autoptr(GError) error = NULL;
    Vault *vault = vault_open(fixture->dir, &error);
    if (vault == NULL)
        fail_msg("%s", error->message);
    return vault;
}

VaultWriter *fixture_writer(const Fixture *fixture, Vault *vault)
{
    g_autoptr(GError) error = NULL;
    VaultWriter *writer = vault_writer_new(vault, fixture->match_key, &error);
    if (writer == NULL)
        fail_msg("%s", error->message);
    return writer;
}

void store_mail(VaultWriter *writer, const char *mail, gsize size, const Arrival *arrival)
{
    g_autoptr(GError) error = NULL;
    if (!vault_message_start(writer, &error) ||
        !vault_message_write(writer, (const guint8 *)mail, size, &error) ||
        !vault_message_finish(writer, arrival, &error))
        fail_msg("%s", error->message);
}

void commit(VaultWriter *writer, guint stored, guint known)
{
    g_autoptr(GError) error = NULL;
    guint is_stored = 0, is_known = 0;
    if (!vault_commit(writer, &is_stored, &is_known, &error))
        fail_msg("%s", error->message);
    assert_int_equal(is_stored, stored);
    assert_int_equal(is_known, known);
}

GBytes *mail_number(guint n, gsize size)
{
    GString *mail = g_string_new(NULL);
    g_string_append_printf(mail, "From: sender%u@corp.example\r\nSubject: number %u\r\n\r\n", n, n);
    guint32 state = n * 2654435761u + 1;
    while (mail->len < size) {
        state = state * 1664525u + 1013904223u;
        g_string_append_printf(mail, "word%x ", state >> 20);
    }
    return g_string_free_to_bytes(mail);
}

typedef struct {
    const Fixture *fixture;
    Vault *vault;
    GPtrArray *lines;
} Reading;

static gboolean read_record(gpointer user, const JournalRecord *record, GError **error)
{
    Reading *reading = user;
    g_autoptr(Source) source =
        vault_message(reading->vault, reading->fixture->private_key, record->id, error);
    g_autoptr(GBytes) mail = source ? source_drain(source, G_MAXINT, error) : NULL;
    if (mail == NULL)
        return FALSE;
    g_autofree char *sum = g_compute_checksum_for_bytes(G_CHECKSUM_SHA256, mail);
    const Arrival *arrival = &record->arrival;
    g_autofree char *uid = g_strdup_printf("%u", arrival->uid);
    g_ptr_array_add(reading->lines,
                    g_strdup_printf("%" G_GINT64_FORMAT " %s %s %s %s", record->sequence,
                                    arrival->account, arrival->mailbox,
                                    arrival->uidl ? arrival->uidl : uid, sum));
    return TRUE;
}

GPtrArray *everything(const Fixture *fixture, Vault *vault)
{
    g_autoptr(GError) error = NULL;
    Reading reading = {
        .fixture = fixture, .vault = vault, .lines = g_ptr_array_new_with_free_func(g_free)};
    if (!vault_replay(vault, fixture->private_key, 0, read_record, &reading, &error))
        fail_msg("%s", error->message);
    return reading.lines;
}

/* The needle and what it looks like in other clothes; base64 depends on where it begins. */
static GPtrArray *disguises(const char *needle)
{
    GPtrArray *all = g_ptr_array_new_with_free_func((GDestroyNotify)g_bytes_unref);
    gsize size = strlen(needle);
    g_ptr_array_add(all, g_bytes_new(needle, size));
    for (gsize shift = 0; shift < 3; shift++) {
        gsize whole = (size - shift) / 3 * 3;
        char *text = g_base64_encode((const guint8 *)needle + shift, whole);
        g_ptr_array_add(all, g_bytes_new_take(text, strlen(text)));
    }
    GByteArray *wide = g_byte_array_new();
    for (gsize i = 0; i < size; i++) {
        guint8 pair[2] = {(guint8)needle[i], 0};
        g_byte_array_append(wide, pair, i + 1 < size ? 2 : 1);
    }
    g_ptr_array_add(all, g_byte_array_free_to_bytes(wide));
    return all;
}

char *find_needle(const char *dir, const char *needle)
{
    g_autoptr(GPtrArray) forms = disguises(needle);
    g_autoptr(GDir) entries = g_dir_open(dir, 0, NULL);
    const char *name;
    assert_non_null(entries);
    while ((name = g_dir_read_name(entries))) {
        g_autofree char *path = g_build_filename(dir, name, NULL);
        g_autofree char *data = NULL;
        gsize size;
        assert_true(g_file_get_contents(path, &data, &size, NULL));
        for (guint i = 0; i < forms->len; i++) {
            gsize form_size;
            const void *form = g_bytes_get_data(g_ptr_array_index(forms, i), &form_size);
            if (memmem(data, size, form, form_size) || strstr(name, needle))
                return g_strdup_printf("%s (form %u)", path, i);
        }
    }
    return NULL;
}

const Arrival inbox_7 = {
    .account = "work", .mailbox = "INBOX", .uid = 7, .internaldate = 1700000000};

char *inside(const Fixture *fixture, const char *name)
{
    return g_build_filename(fixture->dir, name, NULL);
}

void tamper(const Fixture *fixture, const char *sql)
{
    g_autofree char *path = inside(fixture, "vault.db");
    sqlite3 *db;
    char *why = NULL;
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    if (sqlite3_exec(db, sql, NULL, NULL, &why) != SQLITE_OK)
        fail_msg("%s: %s", sql, why);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

gint64 number(const Fixture *fixture, const char *sql)
{
    g_autofree char *path = inside(fixture, "vault.db");
    sqlite3 *db;
    sqlite3_stmt *statement;
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &statement, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
    gint64 value = sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
    return value;
}
