/* See index-fixture.h. */
#include "tests/unit/store/index-fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <glib/gstdio.h>
#include <string.h>

const guint8 the_vault[VAULT_ID_SIZE] = "a vault for test";

Index *open_index(const Fixture *fixture)
{
    g_autoptr(GError) error = NULL;
    Index *index = index_open(fixture->dir, the_vault, fixture->key, &error);
    if (index == NULL)
        fail_msg("%s", error->message);
    return index;
}

int set_up(void **state)
{
    Fixture *fixture = g_new0(Fixture, 1);
    fixture->dir = g_dir_make_tmp("index-XXXXXX", NULL);
    fixture->key = secret_new("the private half of a vault key.", KEY_SIZE);
    fixture->index = open_index(fixture);
    *state = fixture;
    return 0;
}

int tear_down(void **state)
{
    Fixture *fixture = *state;
    index_close(fixture->index);
    assert_true(index_drop(fixture->dir, NULL));
    g_rmdir(fixture->dir);
    g_free(fixture->dir);
    secret_free(fixture->key);
    g_free(fixture);
    return 0;
}

void reopen(Fixture *fixture)
{
    index_close(fixture->index);
    fixture->index = open_index(fixture);
}

static void must(gboolean done, GError **error)
{
    if (!done)
        fail_msg("%s", *error ? (*error)->message : "failed without an error");
}

void add_all(Index *index, GPtrArray *letters, gint64 sequence)
{
    g_autoptr(GError) error = NULL;
    must(index_begin(index, &error), &error);
    for (guint i = 0; i < letters->len; i++)
        must(letter_add(index, letters->pdata[i], &error), &error);
    must(index_commit(index, sequence, &error), &error);
}

static void destroy_letter(gpointer letter)
{
    letter_free(letter);
}

GPtrArray *letters_new(void)
{
    return g_ptr_array_new_with_free_func(destroy_letter);
}

Letter *write_letter(GPtrArray *letters, const char *subject, const char *body)
{
    Letter *letter = letter_new(letters->len + 1);
    letter->date = (gint64)letters->len * 100;
    letter->doc->subject = g_strdup(subject);
    letter->doc->body = g_strdup(body);
    g_ptr_array_add(letters, letter);
    return letter;
}

GPtrArray *search(Index *index, const char *text, guint limit, SearchSort sort)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Query) query = query_parse(text, 0, &error);
    GPtrArray *hits = query ? index_search(index, query, limit, sort, &error) : NULL;
    if (hits == NULL)
        fail_msg("%.300s: %s", text, error->message);
    return hits;
}

Hit *lookup(Index *index, const char *id)
{
    g_autofree char *text = g_strconcat("id:", id, NULL);
    g_autoptr(GPtrArray) hits = search(index, text, 0, SORT_NEWEST);
    assert_int_equal(hits->len, 1);
    return g_ptr_array_steal_index(hits, 0);
}

static gint by_date(gconstpointer a, gconstpointer b)
{
    const Letter *left = *(Letter *const *)a, *right = *(Letter *const *)b;
    if (left->date != right->date)
        return left->date < right->date ? 1 : -1;
    return left->row < right->row ? 1 : -1;
}

void letters_sort(GPtrArray *letters)
{
    g_ptr_array_sort(letters, by_date);
}

void assert_as_oracle(Index *index, GPtrArray *letters, const char *text, guint limit,
                      gboolean oldest)
{
    g_autoptr(GPtrArray) hits = search(index, text, limit, oldest ? SORT_OLDEST : SORT_NEWEST);
    g_autoptr(Query) query = query_parse(text, 0, NULL);
    guint found = 0;
    for (guint i = 0; i < letters->len; i++) {
        const Letter *letter = letters->pdata[oldest ? letters->len - 1 - i : i];
        if (!letter_matches(letter, query) || (limit > 0 && found == limit))
            continue;
        const Hit *hit = found < hits->len ? hits->pdata[found] : NULL;
        if (hit == NULL || strcmp(hit->id, letter->id) != 0)
            fail_msg("%s: row %d of %u is missing", text, (int)letter->row, letters->len);
        found++;
    }
    if (found != hits->len)
        fail_msg("%s: %u hits too many", text, hits->len - found);
}
