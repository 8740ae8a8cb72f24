/* See schedule.h. */
#include "fetchd/schedule.h"

struct Schedule {
    GHashTable *due;    /* name -> gint64 * */
    GHashTable *barred; /* likewise: not before */
};

Schedule *schedule_new(void)
{
    Schedule *schedule = g_new0(Schedule, 1);
    schedule->due = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    schedule->barred = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    return schedule;
}

void schedule_free(Schedule *schedule)
{
    if (schedule == NULL)
        return;
    g_hash_table_unref(schedule->due);
    g_hash_table_unref(schedule->barred);
    g_free(schedule);
}

void schedule_forget(Schedule *schedule)
{
    g_hash_table_remove_all(schedule->due);
    g_hash_table_remove_all(schedule->barred);
}

static void note(GHashTable *times, const char *name, gint64 time)
{
    g_hash_table_insert(times, g_strdup(name), g_memdup2(&time, sizeof time));
}

void schedule_wait(Schedule *schedule, const char *name, gint64 until)
{
    note(schedule->barred, name, until);
    note(schedule->due, name, until);
}

/* An interval that was made shorter counts at once. */
static gboolean take(Schedule *schedule, const char *name, guint interval, gint64 now)
{
    gint64 next = now + (gint64)interval * G_USEC_PER_SEC;
    gint64 *due = g_hash_table_lookup(schedule->due, name);
    const gint64 *barred = g_hash_table_lookup(schedule->barred, name);
    if (due && *due > now) {
        *due = MAX(MIN(*due, next), barred ? *barred : now);
        return FALSE;
    }
    note(schedule->due, name, next);
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

gint64 schedule_next(const Schedule *schedule, gint64 now)
{
    gint64 next = now + (gint64)INTERVAL_USUAL * G_USEC_PER_SEC, *due;
    GHashTableIter all;
    g_hash_table_iter_init(&all, schedule->due);
    while (g_hash_table_iter_next(&all, NULL, (gpointer *)&due))
        next = MIN(next, *due);
    return next;
}
