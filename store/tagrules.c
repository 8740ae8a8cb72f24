/* See tagrules.h. */
#include "store/tagrules.h"

#include "core/error.h"
#include "core/tagname.h"
#include "core/text.h"
#include "store/index-private.h"
#include "store/index-tags.h"
#include "store/query-sql.h"
#include "store/tokenizer.h"
#include "store/vault-tags.h"

/* --- parsing ------------------------------------------------------------------------------- */

static void free_rule(gpointer data)
{
    ParsedRule *rule = data;
    g_free(rule->change);
    query_free(rule->query);
    g_free(rule);
}

static gboolean wrong(const Config *config, const TagRule *rule, const GError *failure,
                      GError **error)
{
    g_autofree char *file = text_name(config->path);
    return refuse(error, POSTERN_ERROR_POLICY, "config.value",
                  postern_error_mend(failure) ? postern_error_mend(failure) : "correct the query",
                  "%s:%u: query: %s", file, rule->line, failure->message);
}

static gboolean add_rule(GPtrArray *rules, sqlite3 *db, const TagRule *rule, gint64 now,
                         GError **error)
{
    g_autoptr(Query) query = query_parse(rule->query, now, error);
    if (query == NULL || !query_check(db, query, error))
        return FALSE;
    ParsedRule *parsed = g_new0(ParsedRule, 1);
    parsed->change = g_strconcat("+", rule->name, NULL);
    parsed->query = g_steal_pointer(&query);
    g_ptr_array_add(rules, parsed);
    return TRUE;
}

static gboolean add_all(GPtrArray *rules, sqlite3 *db, const Config *config, gint64 now,
                        GError **error)
{
    for (guint i = 0; i < config->tags->len; i++) {
        g_autoptr(GError) failure = NULL;
        if (!add_rule(rules, db, config->tags->pdata[i], now, &failure))
            return wrong(config, config->tags->pdata[i], failure, error);
    }
    return TRUE;
}

GPtrArray *tagrules_parse(const Config *config, gint64 now, GError **error)
{
    g_autoptr(GPtrArray) rules = g_ptr_array_new_with_free_func(free_rule);
    sqlite3 *db = NULL; /* for its tokenizer: a query without a word finds nothing */
    if (config->tags->len == 0)
        return g_steal_pointer(&rules);
    if (sqlite3_open(":memory:", &db) != SQLITE_OK)
        g_error("cannot open a database in memory: %s", sqlite3_errmsg(db));
    gboolean fine = tokenizer_register(db, error) && add_all(rules, db, config, now, error);
    sqlite3_close(db);
    return fine ? g_steal_pointer(&rules) : NULL;
}

/* --- applying ------------------------------------------------------------------------------ */

/* The rows of FRESH that no rule was asked about, and in *first the lowest. */
static GArray *unasked(const GArray *fresh, gint64 ruled, gint64 *first)
{
    GArray *rows = g_array_new(FALSE, FALSE, sizeof(gint64));
    *first = G_MAXINT64;
    for (guint i = 0; i < fresh->len; i++) {
        const FreshRow *row = &g_array_index(fresh, FreshRow, i);
        if (row->sequence <= ruled)
            continue;
        g_array_append_val(rows, row->row);
        *first = MIN(*first, row->row);
    }
    return rows;
}

static gboolean ask(Index *index, const ParsedRule *rule, const GArray *rows, gint64 first,
                    GPtrArray *plan, GError **error)
{
    TagCount count = {0};
    const char *const changes[] = {rule->change, NULL};
    const RowSpan fresh = {first, G_MAXINT64};
    g_autoptr(GArray) spans = g_array_new(FALSE, FALSE, sizeof fresh);
    g_array_append_val(spans, fresh);
    g_autoptr(RowSet) found = query_rows_among(index, rule->query, spans, error);
    if (found == NULL)
        return FALSE;
    for (guint i = 0; i < rows->len; i++) {
        gint64 row = g_array_index(rows, gint64, i);
        if (rowset_has(found, row) && index_has(index, row) &&
            !index_plan_tags(index, row, changes, TAG_BY_RULE, plan, &count, error))
            return FALSE;
    }
    return TRUE;
}

gboolean tagrules_apply(const GPtrArray *rules, Vault *vault, Index *index, const GArray *fresh,
                        gint64 done, gboolean *wrote, GError **error)
{
    gint64 ruled, first;
    gboolean taken;
    *wrote = FALSE;
    if (fresh->len == 0)
        return TRUE;
    if (!vault_ruled(vault, &ruled, error))
        return FALSE;
    g_autoptr(GArray) rows = unasked(fresh, ruled, &first);
    g_autoptr(GPtrArray) plan = tag_changes_new();
    if (rows->len == 0)
        return TRUE;
    for (guint i = 0; rules && i < rules->len; i++)
        if (!ask(index, rules->pdata[i], rows, first, plan, error))
            return FALSE;
    if (!vault_rule(vault, ruled, MAX(ruled, done), plan, &taken, error))
        return FALSE;
    *wrote = taken && plan->len > 0;
    return TRUE;
}
