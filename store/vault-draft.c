/* See vault-draft.h. */
#include "store/vault-draft.h"

#include <string.h>
#include <unistd.h>

#include "core/base32.h"
#include "core/error.h"
#include "store/vault-outbox-state.h"

#define DRAFT_HEAD "draft head"
#define DRAFT_TEXT "draft text"
#define DRAFT_PARTS "draft parts"

struct VaultDraft {
    int lock;
    gint64 row, since;
    guint8 id[MESSAGE_ID_SIZE];
    char name[17];
};

void draft_content_clear(DraftContent *content)
{
    g_clear_pointer(&content->head, g_bytes_unref);
    g_clear_pointer(&content->text, g_bytes_unref);
    g_clear_pointer(&content->parts, g_bytes_unref);
}

void vault_draft_free(VaultDraft *draft)
{
    if (draft == NULL)
        return;
    if (draft->lock >= 0)
        close(draft->lock);
    g_free(draft);
}

const char *vault_draft_id(const VaultDraft *draft)
{
    return draft->name;
}

static gint64 now(void)
{
    return g_get_real_time() / G_USEC_PER_SEC;
}

static int lock_row(const Vault *vault, gint64 row, GError **error)
{
    return vault_row_lock(vault, "draft.lock", row, error);
}

/* --- writing ------------------------------------------------------------------------------- */

static GBytes *seal(Vault *vault, const VaultDraft *draft, const char *what, GBytes *plain,
                    GError **error)
{
    gsize size;
    const void *data = g_bytes_get_data(plain, &size);
    return outbox_seal(vault, FALSE, what, draft->id, data, size, error);
}

static void bind(sqlite3_stmt *statement, int n, GBytes *sealed)
{
    gsize size = 0;
    const void *data = sealed ? g_bytes_get_data(sealed, &size) : NULL;
    sql_blob(statement, n, data, size);
}

/* Row 0: the next one. */
static gboolean add(Vault *vault, VaultDraft *draft, const DraftContent *content, gboolean touched,
                    GError **error)
{
    g_autoptr(GBytes) head = seal(vault, draft, DRAFT_HEAD, content->head, error);
    g_autoptr(GBytes) text = head ? seal(vault, draft, DRAFT_TEXT, content->text, error) : NULL;
    g_autoptr(GBytes) parts = text ? seal(vault, draft, DRAFT_PARTS, content->parts, error) : NULL;
    sqlite3_stmt *statement = parts ? vault_sql(vault, SQL_ADD_DRAFT, error) : NULL;
    if (statement == NULL)
        return FALSE;
    sql_blob(statement, 1, draft->id, sizeof draft->id);
    sql_int(statement, 2, draft->since);
    sql_int(statement, 3, now());
    sql_int(statement, 4, touched);
    bind(statement, 5, head);
    bind(statement, 6, text);
    bind(statement, 7, parts);
    if (draft->row)
        sql_int(statement, 8, draft->row);
    else
        sql_blob(statement, 8, NULL, 0);
    if (!sql_done(vault, statement, error))
        return FALSE;
    draft->row = sqlite3_last_insert_rowid(vault->db);
    return TRUE;
}

/* The lock before the commit: nobody sees the row without it. */
static gboolean add_new(Vault *vault, VaultDraft *draft, const DraftContent *content,
                        GError **error)
{
    if (!add(vault, draft, content, FALSE, error))
        return FALSE;
    draft->lock = lock_row(vault, draft->row, error);
    return draft->lock >= 0 ||
           (error && *error == NULL && vault_damaged(vault, "a new draft is not new", error));
}

VaultDraft *vault_draft_new(Vault *vault, const DraftContent *content, GError **error)
{
    g_autoptr(VaultDraft) draft = g_new0(VaultDraft, 1);
    draft->lock = -1;
    draft->since = now();
    random_bytes(draft->id, sizeof draft->id);
    g_autofree char *name = base32_encode(draft->id, sizeof draft->id);
    g_strlcpy(draft->name, name, sizeof draft->name);
    gboolean fine = sql_begin(vault, SQL_STRICT, error) &&
                    sql_end(vault, add_new(vault, draft, content, error), error);
    return fine ? g_steal_pointer(&draft) : NULL;
}

static gboolean save(Vault *vault, const VaultDraft *draft, GBytes *text, GBytes *parts,
                     GError **error)
{
    sqlite3_stmt *statement = vault_sql(vault, SQL_SET_DRAFT, error);
    if (statement == NULL)
        return FALSE;
    sql_int(statement, 1, now());
    bind(statement, 2, text);
    bind(statement, 3, parts);
    sql_int(statement, 4, draft->row);
    return sql_done(vault, statement, error) &&
           (sqlite3_changes(vault->db) == 1 ||
            refuse(error, POSTERN_ERROR_STORE, "draft.gone", "save the text elsewhere",
                   "the draft %s is not in the vault any more", draft->name));
}

gboolean vault_draft_save(Vault *vault, VaultDraft *draft, GBytes *text, GBytes *parts,
                          GError **error)
{
    g_autoptr(GBytes) sealed = seal(vault, draft, DRAFT_TEXT, text, error);
    g_autoptr(GBytes) enclosed =
        sealed && parts ? seal(vault, draft, DRAFT_PARTS, parts, error) : NULL;
    return sealed && (enclosed || parts == NULL) && sql_begin(vault, SQL_STRICT, error) &&
           sql_end(vault, save(vault, draft, sealed, enclosed, error), error);
}

gboolean vault_draft_drop(Vault *vault, VaultDraft *draft, GError **error)
{
    return sql_begin(vault, SQL_STRICT, error) &&
           sql_end(vault, sql_run_with(vault, SQL_DROP_DRAFT, draft->row, error), error);
}

gboolean vault_draft_submit(Vault *vault, VaultDraft *draft, const GPtrArray *letters,
                            GPtrArray *claims, GError **error)
{
    return sql_begin(vault, SQL_STRICT, error) &&
           sql_end(vault,
                   outbox_add_all(vault, letters, claims, error) &&
                       sql_run_with(vault, SQL_DROP_DRAFT, draft->row, error),
                   error);
}

static gboolean take_back(Vault *vault, VaultDraft *draft, const DraftContent *content,
                          const GPtrArray *claims, GError **error)
{
    for (guint i = 0; i < claims->len; i++)
        if (!outbox_take_back(vault, claims->pdata[i], error))
            return FALSE;
    return add(vault, draft, content, TRUE, error);
}

gboolean vault_draft_return(Vault *vault, VaultDraft *draft, const DraftContent *content,
                            const GPtrArray *claims, GError **error)
{
    return sql_begin(vault, SQL_STRICT, error) &&
           sql_end(vault, take_back(vault, draft, content, claims, error), error);
}

/* --- reading ------------------------------------------------------------------------------- */

static gboolean find(Vault *vault, VaultDraft *draft, gboolean *found, GError **error)
{
    sqlite3_stmt *statement =
        sql_look_up(vault, SQL_DRAFT_ROW, draft->id, sizeof draft->id, found, error);
    if (statement == NULL)
        return FALSE;
    draft->row = *found ? sqlite3_column_int64(statement, 0) : 0;
    draft->since = *found ? sqlite3_column_int64(statement, 1) : 0;
    sqlite3_reset(statement);
    return TRUE;
}

VaultDraft *vault_draft_claim(Vault *vault, const char *id, GError **error)
{
    g_autoptr(VaultDraft) draft = g_new0(VaultDraft, 1);
    GError *failure = NULL;
    gboolean found = FALSE;
    draft->lock = -1;
    if (strlen(id) != sizeof draft->name - 1 || !base32_decode(id, draft->id, sizeof draft->id) ||
        !find(vault, draft, &found, error) || !found)
        return NULL;
    g_strlcpy(draft->name, id, sizeof draft->name);
    draft->lock = lock_row(vault, draft->row, &failure);
    if (failure)
        g_propagate_error(error, failure);
    else if (draft->lock < 0)
        refuse(error, POSTERN_ERROR_TEMPORARY, "draft.busy", "end the other one first",
               "the draft %s is open in another postern", id);
    /* Who had it before may have sent it. */
    if (draft->lock < 0 || !find(vault, draft, &found, error) || !found)
        return NULL;
    return g_steal_pointer(&draft);
}

static GBytes *open_column(Vault *vault, const Secret *vault_private, const guint8 *id,
                           sqlite3_stmt *statement, int n, const char *what, GError **error)
{
    return outbox_open(vault, vault_private, what, id, sqlite3_column_blob(statement, n),
                       (gsize)sqlite3_column_bytes(statement, n), NULL, error);
}

gboolean vault_draft_open(Vault *vault, const Secret *vault_private, const VaultDraft *draft,
                          DraftContent *content, GError **error)
{
    gboolean found = FALSE;
    sqlite3_stmt *statement = vault_sql(vault, SQL_DRAFT, error);
    *content = (DraftContent){NULL, NULL, NULL};
    if (statement == NULL)
        return FALSE;
    sql_int(statement, 1, draft->row);
    if (!sql_row(vault, statement, &found, error))
        return FALSE;
    if (!found)
        return vault_damaged(vault, "a draft is gone", error);
    static const char *const whats[] = {DRAFT_HEAD, DRAFT_TEXT, DRAFT_PARTS};
    GBytes **fields[] = {&content->head, &content->text, &content->parts};
    gboolean fine = TRUE;
    for (int i = 0; fine && i < (int)G_N_ELEMENTS(whats); i++) {
        *fields[i] = open_column(vault, vault_private, draft->id, statement, i, whats[i], error);
        fine = *fields[i] != NULL;
    }
    sqlite3_reset(statement);
    if (!fine)
        draft_content_clear(content);
    return fine;
}

static void entry_clear(gpointer data)
{
    DraftEntry *entry = data;
    g_clear_pointer(&entry->head, g_bytes_unref);
    g_clear_pointer(&entry->text, g_bytes_unref);
}

static gboolean read_entry(Vault *vault, const Secret *vault_private, sqlite3_stmt *statement,
                           DraftEntry *entry, GError **error)
{
    const guint8 *id = sql_column(statement, 1, MESSAGE_ID_SIZE);
    GError *failure = NULL;
    if (id == NULL)
        return vault_damaged(vault, "a draft has no id", error);
    g_autofree char *text = base32_encode(id, MESSAGE_ID_SIZE);
    g_strlcpy(entry->id, text, sizeof entry->id);
    entry->since = sqlite3_column_int64(statement, 2);
    entry->changed = sqlite3_column_int64(statement, 3);
    entry->touched = sqlite3_column_int64(statement, 4) != 0;
    entry->bytes = (guint64)sqlite3_column_int64(statement, 7);
    if (vault_private) {
        entry->head = open_column(vault, vault_private, id, statement, 5, DRAFT_HEAD, NULL);
        entry->text = open_column(vault, vault_private, id, statement, 6, DRAFT_TEXT, NULL);
        entry->damaged = entry->head == NULL || entry->text == NULL;
    }
    int lock = lock_row(vault, sqlite3_column_int64(statement, 0), &failure);
    entry->busy = lock < 0;
    if (lock >= 0)
        close(lock);
    if (failure)
        g_propagate_error(error, failure);
    return failure == NULL;
}

/* The rows are read before TAKER is called for any, which may write. */
gboolean vault_draft_list(Vault *vault, const Secret *vault_private, DraftTaker taker,
                          gpointer user, GError **error)
{
    gboolean row, fine;
    g_autoptr(GArray) entries = g_array_new(FALSE, TRUE, sizeof(DraftEntry));
    g_array_set_clear_func(entries, entry_clear);
    sqlite3_stmt *statement = vault_sql(vault, SQL_DRAFTS, error);
    if (statement == NULL || !sql_row(vault, statement, &row, error))
        return FALSE;
    for (fine = TRUE; fine && row; fine = fine && sql_row(vault, statement, &row, error)) {
        DraftEntry entry = {.since = 0};
        fine = read_entry(vault, vault_private, statement, &entry, error);
        g_array_append_val(entries, entry);
    }
    sqlite3_reset(statement);
    for (guint i = 0; fine && i < entries->len; i++)
        fine = taker(user, &g_array_index(entries, DraftEntry, i), error);
    return fine;
}

gboolean vault_draft_count(Vault *vault, guint *count, GError **error)
{
    gboolean row;
    sqlite3_stmt *statement = vault_sql(vault, SQL_COUNT_DRAFTS, error);
    if (statement == NULL || !sql_row(vault, statement, &row, error))
        return FALSE;
    *count = row ? (guint)sqlite3_column_int64(statement, 0) : 0;
    sqlite3_reset(statement);
    return TRUE;
}
