/*
 * recurrence — what a rule says (RFC 5545, 3.3.10), in words. No rule is ever expanded, so that one
 * of each second for ever costs no more than another. Pure.
 */
#pragma once

#include <glib.h>

#define RULE_DAYS 14

typedef struct {
    enum { EVERY_DAY, EVERY_WEEK, EVERY_MONTH, EVERY_YEAR } every;
    guint interval; /* from 1 */
    guint count;    /* 0: no end by it */
    char until[17]; /* "20261231" or "20261231T235959Z"; "" for none */
    struct {
        int nth;   /* 2: the second, -1: the last; 0: each */
        guint day; /* 0: Monday */
    } days[RULE_DAYS];
    int month_days[RULE_DAYS], months[RULE_DAYS], position; /* 0: none */
    guint n_days, n_month_days, n_months;
} Rule;

/* FALSE for what is no rule, or none that these words can say: the fields of a smaller clock, of
 * weeks or days of a year, more than RULE_DAYS of something. */
gboolean rule_read(const char *value, Rule *rule);

/* "every 2 weeks on Tuesday and Thursday, 10 times" (g_free). */
char *rule_words(const Rule *rule);
