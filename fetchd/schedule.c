/* See schedule.h. */
#include "fetchd/schedule.h"

#include "core/limits.h"

#define FIRST_BACKOFF (5 * G_USEC_PER_SEC)
#define MOST_DOUBLINGS 10

typedef struct {
    gint64 due;
    gint64 barred; /* not before */
    gint64 news;   /* when its news are due; 0: there are none */
    gint64 earned; /* up to here, news have had their turns */
    guint losses;  /* one after another */
} Entry;

struct Schedule {
    GHashTable *entries; /* name -> Entry * */
};

Schedule *schedule_new(void)
{
    Schedule *schedule = g_new0(Schedule, 1);
    schedule->entries = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    return schedule;
}

void schedule_free(Schedule *schedule)
{
    if (schedule == NULL)
        return;
    g_hash_table_unref(schedule->entries);
    g_free(schedule);
}

/* What a server did before still counts. */
void schedule_forget(Schedule *schedule)
{
    Entry *entry;
    GHashTableIter all;
    g_hash_table_iter_init(&all, schedule->entries);
    while (g_hash_table_iter_next(&all, NULL, (gpointer *)&entry)) {
        entry->due = G_MININT64;
        entry->barred = 0;
        entry->losses = 0;
    }
}

static Entry *entry_of(Schedule *schedule, const char *name)
{
    Entry *entry = g_hash_table_lookup(schedule->entries, name);
    if (entry == NULL) {
        entry = g_new0(Entry, 1);
        g_hash_table_insert(schedule->entries, g_strdup(name), entry);
    }
    return entry;
}

void schedule_wait(Schedule *schedule, const char *name, gint64 until)
{
    Entry *entry = entry_of(schedule, name);
    entry->due = entry->barred = until;
}

/* An interval that was made shorter counts at once. */
static gboolean take(Schedule *schedule, const char *name, guint interval, gint64 now)
{
    gint64 next = now + (gint64)interval * G_USEC_PER_SEC;
    Entry *entry = g_hash_table_lookup(schedule->entries, name);
    if (entry && entry->due > now) {
        entry->due = MAX(MIN(entry->due, next), entry->barred);
        return FALSE;
    }
    entry = entry_of(schedule, name);
    entry->due = next;
    entry->news = 0;
    return TRUE;
}

GStrv schedule_take(Schedule *schedule, const Config *config, char *const *only, gint64 now)
{
    g_autoptr(GStrvBuilder) names = g_strv_builder_new();
    for (guint i = 0; i < config->accounts->len; i++) {
        const Account *account = config->accounts->pdata[i];
        gboolean meant = only ? g_strv_contains((const char *const *)only, account->name)
                              : account->fetch != NULL;
        if (meant && take(schedule, account->name, account->interval, now))
            g_strv_builder_add(names, account->name);
    }
    for (; only && *only; only++)
        if (config_account(config, *only, NULL) == NULL)
            g_strv_builder_add(names, *only);
    return g_strv_builder_end(names);
}

/* A bucket of turns, by one number: see "generic cell rate algorithm". */
void schedule_news(Schedule *schedule, const char *name, gint64 now)
{
    Entry *entry = g_hash_table_lookup(schedule->entries, name);
    if (entry && entry->news == 0)
        entry->news = MAX(now, entry->earned - (LIMIT_NEWS_BURST - 1) * LIMIT_NEWS_MS * 1000);
}

GStrv schedule_take_news(Schedule *schedule, gint64 now)
{
    g_autoptr(GStrvBuilder) names = g_strv_builder_new();
    char *name;
    Entry *entry;
    GHashTableIter all;
    g_hash_table_iter_init(&all, schedule->entries);
    while (g_hash_table_iter_next(&all, (gpointer *)&name, (gpointer *)&entry)) {
        if (entry->news == 0 || entry->news > now)
            continue;
        entry->news = 0;
        entry->earned = MAX(entry->earned, now) + LIMIT_NEWS_MS * 1000;
        g_strv_builder_add(names, name);
    }
    return g_strv_builder_end(names);
}

void schedule_lost(Schedule *schedule, const char *name, gint64 now, gboolean steady, double chance)
{
    Entry *entry = g_hash_table_lookup(schedule->entries, name);
    if (entry == NULL)
        return;
    if (steady)
        entry->losses = 0;
    gint64 wait = entry->losses == 0 ? 0 : FIRST_BACKOFF << MIN(entry->losses - 1, MOST_DOUBLINGS);
    wait += (gint64)(chance * (double)(wait / 2 + G_USEC_PER_SEC));
    entry->due = MAX(MIN(entry->due, now + wait), entry->barred);
    entry->losses++;
}

void schedule_well(Schedule *schedule, const char *name)
{
    Entry *entry = g_hash_table_lookup(schedule->entries, name);
    if (entry)
        entry->losses = 0;
}

gint64 schedule_next(const Schedule *schedule, gint64 now)
{
    gint64 next = now + (gint64)INTERVAL_USUAL * G_USEC_PER_SEC;
    Entry *entry;
    GHashTableIter all;
    g_hash_table_iter_init(&all, schedule->entries);
    while (g_hash_table_iter_next(&all, NULL, (gpointer *)&entry)) {
        next = MIN(next, entry->due);
        next = entry->news ? MIN(next, entry->news) : next;
    }
    return next;
}
