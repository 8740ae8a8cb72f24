/* See query-words.h. */
#include "store/query-words.h"

#include <string.h>

#define FEW_WORDS 12 /* each is looked up by itself, in every place */

gboolean query_has_prefix(const Query *query)
{
    return query && ((query->kind == QUERY_TEXT && query->prefix) ||
                     query_has_prefix(query->left) || query_has_prefix(query->right));
}

static gboolean is_plain(const char *word)
{
    gsize letters = 0;
    while (g_ascii_isalnum(word[letters]))
        letters++;
    return letters > 0 && word[letters] == '\0';
}

/* The first word of the index that is not before FROM; NULL, with no error, when there is none. */
static gboolean first_word(Index *index, sqlite3_stmt *seek, const char *from, char **word,
                           GError **error)
{
    *word = NULL;
    (void)sqlite3_bind_text(seek, 1, from, -1, SQLITE_STATIC);
    int rc = sqlite3_step(seek);
    if (rc == SQLITE_ROW)
        *word = g_strdup((const char *)sqlite3_column_text(seek, 0));
    (void)sqlite3_reset(seek);
    return rc == SQLITE_ROW || rc == SQLITE_DONE || index_failed_by(index, rc, error);
}

/* Adds the words that begin with PREFIX to WORDS; *few FALSE when they cannot stand for it. */
static gboolean add_words(Index *index, sqlite3_stmt *seek, const char *prefix, GPtrArray *words,
                          gboolean *few, GError **error)
{
    g_autofree char *from = g_strdup(prefix), *word = NULL;
    *few = is_plain(prefix);
    while (*few) {
        if (!first_word(index, seek, from, &word, error))
            return FALSE;
        if (word == NULL || !g_str_has_prefix(word, prefix))
            return TRUE;
        *few = words->len < FEW_WORDS && is_plain(word);
        g_free(from);
        from = g_strconcat(word, "\001", NULL); /* the next one; instances of a word are many */
        g_ptr_array_add(words, g_steal_pointer(&word));
    }
    return TRUE;
}

static Query *node(const Query *like, QueryKind kind)
{
    Query *query = g_memdup2(like, sizeof *like);
    query->kind = kind;
    query->left = query->right = NULL;
    query->field = g_strdup(like->field);
    query->value = g_strdup(like->value);
    return query;
}

static Query *word_node(const Query *like, const char *word)
{
    Query *query = node(like, QUERY_TEXT);
    query->prefix = FALSE;
    g_free(query->value);
    query->value = g_strdup(word);
    return query;
}

/* WORDS side by side; the beginning itself, which no message has, when there are none. */
static Query *any_of(const Query *like, const GPtrArray *words)
{
    Query *any = word_node(like, words->len > 0 ? words->pdata[0] : like->value);
    for (guint i = 1; i < words->len; i++) {
        Query *wider = node(like, QUERY_OR);
        wider->left = any;
        wider->right = word_node(like, words->pdata[i]);
        any = wider;
    }
    return any;
}

static gboolean spell(Index *index, sqlite3_stmt *seek, const Query *query, Query **spelled,
                      GError **error)
{
    g_autoptr(Query) copy = NULL;
    *spelled = NULL;
    if (query->kind == QUERY_TEXT && query->prefix) {
        g_autoptr(GPtrArray) words = g_ptr_array_new_with_free_func(g_free);
        g_autofree char *prefix = g_ascii_strdown(query->value, -1);
        gboolean few;
        if (!add_words(index, seek, prefix, words, &few, error))
            return FALSE;
        *spelled = few ? any_of(query, words) : NULL;
        return TRUE;
    }
    copy = node(query, query->kind);
    if ((query->left && !spell(index, seek, query->left, &copy->left, error)) ||
        (query->right && !spell(index, seek, query->right, &copy->right, error)))
        return FALSE;
    if ((query->left == NULL || copy->left) && (query->right == NULL || copy->right))
        *spelled = g_steal_pointer(&copy);
    return TRUE;
}

gboolean query_spell_out(Index *index, const Query *query, Query **spelled, GError **error)
{
    sqlite3_stmt *seek = NULL;
    *spelled = NULL;
    if (!index_exec(index,
                    "CREATE VIRTUAL TABLE IF NOT EXISTS temp.spelling USING"
                    " fts5vocab(main, words, instance)",
                    error))
        return FALSE;
    int rc = sqlite3_prepare_v2(
        index->db, "SELECT term FROM temp.spelling WHERE term >= ?1 LIMIT 1", -1, &seek, NULL);
    gboolean fine = rc == SQLITE_OK ? spell(index, seek, query, spelled, error)
                                    : index_failed_by(index, rc, error);
    (void)sqlite3_finalize(seek);
    return fine;
}
