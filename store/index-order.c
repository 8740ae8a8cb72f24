/* The order of what a search finds, and how little of it must be read for the first few. See
 * index-search.h. */
#include "store/index-search.h"

#include "store/index-private.h"
#include "store/query-sql.h"
#include "store/query-words.h"

/* So many rows are sorted by their dates; beyond that the order of dates is walked. */
#define FEW 2000

/* For so many results the first messages of the order are looked at before all are. */
#define FIRST_RESULTS 250
#define FIRST_ROWS 1024
#define FIRST_PER_RESULT 8

/*
 * Rows that lie near each other are one place. FTS5 reads on from the beginning of a page in each
 * of its segments until it is there: measured, as much work as a thousand rows that have the word
 * are, and more for two words.
 */
#define PLACE_GAP 100
#define PLACE_COST 2000
#define PLACES 10        /* in one go */
#define ROWS_A_PLACE 8   /* at least; else */
#define SCATTERED_ROWS 4 /* are looked at in one go */

/* The order, and the dates that the query as a whole demands. */
typedef struct {
    IndexSql walk;
    gint64 from, to;
    guint limit;
} Order;

typedef struct {
    gint64 date, row;
} Dated;

static gint by_date(gconstpointer left, gconstpointer right)
{
    const Dated *a = left, *b = right;
    if (a->date != b->date)
        return a->date < b->date ? -1 : 1;
    return a->row < b->row ? -1 : a->row > b->row;
}

static gboolean full(const GArray *list, guint limit)
{
    return limit > 0 && list->len >= limit;
}

static IndexUse *walk(Index *index, const Order *order, GError **error)
{
    return index_use(index, order->walk, error, "ii", order->from, order->to);
}

/* Few rows: their dates, sorted. */
static gboolean list_few(Index *index, const RowSet *rows, const Order *order, GArray *list,
                         GError **error)
{
    g_autoptr(GArray) dated = g_array_new(FALSE, FALSE, sizeof(Dated));
    for (gint64 row = rowset_next(rows, 0); row >= 0; row = rowset_next(rows, row + 1)) {
        Dated entry = {.row = row};
        gboolean found;
        IndexUse *use = index_use(index, SQL_DATE_OF_ROW, error, "i", row);
        if (!index_number(index, use, &entry.date, &found, error))
            return FALSE;
        if (found && entry.date >= order->from && entry.date <= order->to)
            g_array_append_val(dated, entry);
    }
    g_array_sort(dated, by_date);
    for (guint i = 0; i < dated->len && !full(list, order->limit); i++) {
        guint at = order->walk == SQL_OLDEST ? i : dated->len - 1 - i;
        g_array_append_val(list, g_array_index(dated, Dated, at).row);
    }
    return TRUE;
}

/* The rows that a statement yields in its order, as far as they are in ROWS; they leave it. */
static gboolean list_ordered(Index *index, IndexUse *use, RowSet *rows, guint limit, GArray *list,
                             GError **error)
{
    g_autoptr(IndexUse) owned = use;
    gboolean more = owned != NULL;
    while (more && !full(list, limit)) {
        if (!index_step(index, owned, &more, error))
            return FALSE;
        gint64 row = more ? sqlite3_column_int64(owned, 0) : -1;
        if (!rowset_has(rows, row))
            continue;
        rowset_remove(rows, row);
        g_array_append_val(list, row);
    }
    return owned != NULL;
}

/* Appends ROWS in their order to LIST, until that holds as many as are wanted. */
static gboolean list_rows(Index *index, RowSet *rows, const Order *order, GArray *list,
                          GError **error)
{
    if (rowset_count(rows) <= FEW)
        return list_few(index, rows, order, list, error);
    return list_ordered(index, walk(index, order, error), rows, order->limit, list, error);
}

/* Those that the words fit best; then, of a query without words all, the others. */
static gboolean list_best(Index *index, const Query *query, const Order *order, GArray *list,
                          GError **error)
{
    g_autofree char *ranking = query_ranking(query);
    g_autoptr(RowSet) rows = query_rows(index, query, error);
    if (rows == NULL)
        return FALSE;
    return (ranking == NULL || list_ordered(index, index_use(index, SQL_BEST, error, "t", ranking),
                                            rows, order->limit, list, error)) &&
           list_rows(index, rows, order, list, error);
}

/* --- the first of all messages --------------------------------------------------------------- */

static gboolean take_first(Index *index, const Order *order, guint count, GArray *rows,
                           GError **error)
{
    g_autoptr(IndexUse) use = walk(index, order, error);
    gboolean more = use != NULL;
    while (more && rows->len < count) {
        if (!index_step(index, use, &more, error))
            return FALSE;
        gint64 row = more ? sqlite3_column_int64(use, 0) : 0;
        if (more)
            g_array_append_val(rows, row);
    }
    return use != NULL;
}

static gint by_row(gconstpointer left, gconstpointer right)
{
    const gint64 *a = left, *b = right;
    return *a < *b ? -1 : *a > *b;
}

/* The places in which COUNT rows from AT on lie. */
static GArray *places_of(const GArray *rows, guint at, guint count)
{
    g_autoptr(GArray) sorted = g_array_new(FALSE, FALSE, sizeof(gint64));
    GArray *places = g_array_new(FALSE, FALSE, sizeof(RowSpan));
    g_array_append_vals(sorted, &g_array_index(rows, gint64, at), count);
    g_array_sort(sorted, by_row);
    for (guint i = 0; i < sorted->len; i++) {
        gint64 row = g_array_index(sorted, gint64, i);
        RowSpan *last = places->len > 0 ? &g_array_index(places, RowSpan, places->len - 1) : NULL;
        const RowSpan own = {row, row};
        if (last && row - last->last <= PLACE_GAP)
            last->last = row;
        else
            g_array_append_val(places, own);
    }
    return places;
}

/* Few enough for so many ROWS, and few other rows lie between them. */
static gboolean close_together(const GArray *places, guint rows)
{
    gint64 width = 0;
    for (guint i = 0; i < places->len; i++) {
        RowSpan place = g_array_index(places, RowSpan, i);
        width += place.last - place.first + 1;
    }
    return places->len <= PLACES && places->len * ROWS_A_PLACE <= rows && width <= (gint64)rows * 4;
}

/* How many of ROWS are looked at in one go: all, where mail came in the order of its dates. */
static guint in_one_go(const GArray *rows)
{
    for (guint count = rows->len; count > SCATTERED_ROWS; count /= 2) {
        g_autoptr(GArray) places = places_of(rows, 0, count);
        if (close_together(places, count))
            return count;
    }
    return SCATTERED_ROWS;
}

typedef struct {
    GArray *rows;       /* the first of all messages, in their order */
    guint seen, places; /* of them */
} First;

/* Appends those of the next COUNT that fit. */
static gboolean list_some(Index *index, const Query *query, First *first, guint count, guint limit,
                          GArray *list, GError **error)
{
    guint end = MIN(first->rows->len, first->seen + count);
    g_autoptr(GArray) places = places_of(first->rows, first->seen, end - first->seen);
    g_autoptr(RowSet) found = query_rows_undated(index, query, places, error);
    if (found == NULL)
        return FALSE;
    for (guint i = first->seen; i < end && !full(list, limit); i++) {
        gint64 row = g_array_index(first->rows, gint64, i);
        if (rowset_has(found, row))
            g_array_append_val(list, row);
    }
    first->seen = end;
    first->places += places->len;
    return TRUE;
}

/* HITS of those seen fit: does it take less to find LEFT more among the next ones than to look at
 * all of ALL? A hit more is taken for granted, since few were seen. */
static gboolean goes_on(const First *first, guint hits, guint left, gint64 all)
{
    double like_this = (double)left * first->places * PLACE_COST * first->seen;
    return like_this < (double)all * (hits + 1) * (hits + 1);
}

/*
 * A query that fits many messages finds the first few among the first ones of the order, and need
 * not read where all the others are. *whole: LIST has all there is, or as many as are wanted; else
 * it is empty, as it was.
 */
static gboolean list_first_of(Index *index, const Query *query, const Order *order, gint64 last,
                              GArray *list, gboolean *whole, GError **error)
{
    guint count = MAX(FIRST_ROWS, order->limit * FIRST_PER_RESULT);
    g_autoptr(GArray) rows = g_array_new(FALSE, FALSE, sizeof(gint64));
    First first = {.rows = rows};
    if (!take_first(index, order, count, rows, error))
        return FALSE;
    guint step = in_one_go(rows);
    while (first.seen < rows->len && !full(list, order->limit) &&
           goes_on(&first, list->len, order->limit - list->len, last))
        if (!list_some(index, query, &first, step, order->limit, list, error))
            return FALSE;
    *whole = full(list, order->limit) || (first.seen == rows->len && rows->len < count);
    if (!*whole)
        g_array_set_size(list, 0);
    return TRUE;
}

/* Where there are rows enough for it, and no prefix that would have all of them read all the same.
 */
static gboolean list_first(Index *index, const Query *query, const Order *order, GArray *list,
                           gboolean *whole, GError **error)
{
    gint64 last = 0;
    gboolean found;
    g_autoptr(Query) spelled = NULL;
    *whole = FALSE;
    if (!query_check(index->db, query, error) ||
        !index_number(index, index_use(index, SQL_LAST_ROW, error, ""), &last, &found, error))
        return FALSE;
    if (last < PLACES * PLACE_COST)
        return TRUE;
    if (!query_has_prefix(query))
        return list_first_of(index, query, order, last, list, whole, error);
    return query_spell_out(index, query, &spelled, error) &&
           (spelled == NULL || list_first_of(index, spelled, order, last, list, whole, error));
}

gboolean index_sorted_rows(Index *index, const Query *query, guint limit, SearchSort sort,
                           GArray *list, GError **error)
{
    Order order = {.walk = sort == SORT_OLDEST ? SQL_OLDEST : SQL_NEWEST, .limit = limit};
    gboolean whole = FALSE;
    query_dates(query, &order.from, &order.to);
    if (sort == SORT_RELEVANCE)
        return list_best(index, query, &order, list, error);
    if (limit > 0 && limit <= FIRST_RESULTS &&
        !list_first(index, query, &order, list, &whole, error))
        return FALSE;
    if (whole)
        return TRUE;
    g_autoptr(RowSet) rows = query_rows_undated(index, query, NULL, error);
    return rows && list_rows(index, rows, &order, list, error);
}
