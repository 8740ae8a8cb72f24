/*
 * index-rate — the index beside the same index without its seal: the same tables, pages, settings
 * and work in a plain SQLite file. Not a test; build it with `make tests/bench/index-rate`. What
 * counts is the CPU time (user and system), of which the smallest of some rounds is shown; other
 * work on the machine stretches the wall.
 */
#include <glib/gstdio.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#include "store/index-private.h"
#include "store/sealedvfs.h"
#include "tests/unit/store/mailbox.h"

#define MESSAGES 6000
#define BATCH 500
#define ROUNDS 3

static gboolean sealed = TRUE;

/* The linker puts this in the place of sealed_open() (see local.mk). */
sqlite3 *__real_sealed_open(const char *path, const guint8 *key, gboolean create, GError **error);
sqlite3 *__wrap_sealed_open(const char *path, const guint8 *key, gboolean create, GError **error);

sqlite3 *__wrap_sealed_open(const char *path, const guint8 *key, gboolean create, GError **error)
{
    if (sealed)
        return __real_sealed_open(path, key, create, error);
    sqlite3 *db = NULL;
    if (sqlite3_open_v2(path, &db,
                        SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX |
                            SQLITE_OPEN_PRIVATECACHE,
                        NULL) != SQLITE_OK ||
        sqlite3_exec(db,
                     "PRAGMA page_size=8192; PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;"
                     "PRAGMA temp_store=MEMORY; PRAGMA mmap_size=0; PRAGMA secure_delete=OFF;"
                     "PRAGMA trusted_schema=OFF",
                     NULL, NULL, NULL) != SQLITE_OK)
        g_error("%s", sqlite3_errmsg(db));
    return db;
}

static double cpu(void)
{
    struct rusage used;
    getrusage(RUSAGE_SELF, &used);
    return (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
           (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
}

static void must(gboolean worked, GError *error)
{
    if (!worked)
        g_error("%s", error->message);
}

/* Words as in mail: a few in nearly all, most in hardly any. */
static char *text(GRand *dice, guint words)
{
    GString *all = g_string_new(NULL);
    for (guint i = 0; i < words; i++) {
        guint32 word = g_rand_int(dice) & g_rand_int(dice) & g_rand_int(dice);
        g_string_append_printf(all, "w%x%c", word % 60013, i % 12 ? ' ' : '\n');
    }
    return g_string_free(all, FALSE);
}

static GPtrArray *letters_new(void)
{
    g_autoptr(GRand) dice = g_rand_new_with_seed(7);
    GPtrArray *letters = g_ptr_array_new_with_free_func((GDestroyNotify)letter_free);
    for (guint i = 0; i < MESSAGES; i++) {
        Letter *letter = letter_random(dice, i + 1);
        g_free(letter->doc->subject);
        g_free(letter->doc->body);
        letter->doc->subject = text(dice, 6);
        letter->doc->body = text(dice, (guint)g_rand_int_range(dice, 50, 600));
        letter->doc->snippet = g_strndup(letter->doc->body, 200);
        g_ptr_array_add(letters, letter);
    }
    return letters;
}

typedef struct {
    const char *dir;
    Secret *key;
    GPtrArray *letters;
} World;

static Index *opened(const World *world)
{
    static const guint8 vault_id[VAULT_ID_SIZE] = {1};
    GError *error = NULL;
    Index *index = index_open(world->dir, vault_id, world->key, &error);
    must(index != NULL, error);
    return index;
}

static void fill(const World *world)
{
    GError *error = NULL;
    Index *index = opened(world);
    for (guint i = 0; i < world->letters->len; i++) {
        if (i % BATCH == 0)
            must(index_begin(index, &error), error);
        must(letter_add(index, world->letters->pdata[i], &error), error);
        if ((i + 1) % BATCH == 0)
            must(index_commit(index, i + 1, &error), error);
    }
    index_close(index);
}

static void ask(Index *index, guint number)
{
    static const char *const questions[] = {"w1",   "w4001 w2", "\"w0 w1\"",
                                            "w40*", "w30001",   "from:alpha date:1970.."};
    GError *error = NULL;
    g_autoptr(Query) query = query_parse(questions[number % G_N_ELEMENTS(questions)], 0, &error);
    GPtrArray *hits = query ? index_search(index, query, 20, SORT_NEWEST, &error) : NULL;
    must(hits != NULL, error);
    g_ptr_array_unref(hits);
}

/* As a command does: opens, asks once, closes. */
static void ask_cold(const World *world)
{
    for (guint i = 0; i < 60; i++) {
        Index *index = opened(world);
        ask(index, i);
        index_close(index);
    }
}

static void ask_warm(const World *world)
{
    Index *index = opened(world);
    for (guint i = 0; i < 300; i++)
        ask(index, i);
    index_close(index);
}

static void (*const works[])(const World *) = {fill, ask_cold, ask_warm};
static const char *const names[] = {"indexing 6,000 messages", "60 searches, opened for each",
                                    "300 searches, kept open"};

int main(void)
{
    World world = {.dir = g_dir_make_tmp("index-rate-XXXXXX", NULL),
                   .key = secret_new("the private half of a vault key.", KEY_SIZE),
                   .letters = letters_new()};
    double best[2][G_N_ELEMENTS(works)];
    for (guint round = 0; round < ROUNDS; round++)
        for (guint side = 0; side < 2; side++) {
            sealed = side == 1;
            for (gsize i = 0; i < G_N_ELEMENTS(works); i++) {
                double from = cpu();
                works[i](&world);
                double took = cpu() - from;
                best[side][i] = round == 0 ? took : MIN(best[side][i], took);
            }
            must(index_drop(world.dir, NULL), NULL);
        }
    printf("\n| | plain SQLite, CPU s | sealed, CPU s | ratio |\n|---|---|---|---|\n");
    for (gsize i = 0; i < G_N_ELEMENTS(works); i++)
        printf("| %s | %.3f | %.3f | %.2f |\n", names[i], best[0][i], best[1][i],
               best[1][i] / best[0][i]);
    (void)g_rmdir(world.dir);
    g_ptr_array_unref(world.letters);
    secret_free(world.key);
    return 0;
}
