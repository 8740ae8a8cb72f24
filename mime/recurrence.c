/* See recurrence.h. */
#include "mime/recurrence.h"

#include <stdlib.h>
#include <string.h>

static const char day_names[][3] = {"MO", "TU", "WE", "TH", "FR", "SA", "SU"};

/* A whole number of at most four digits, with a sign where SIGNED. */
static gboolean read_number(const char *text, gboolean may_sign, int *number)
{
    const char *digits = text + (may_sign && (*text == '-' || *text == '+'));
    gsize length = strspn(digits, "0123456789");
    if (length == 0 || length > 4 || digits[length] != '\0')
        return FALSE;
    *number = atoi(text);
    return TRUE;
}

static gboolean read_numbers(const char *value, int largest, gboolean may_sign, int *numbers,
                             guint *count)
{
    g_auto(GStrv) words = g_strsplit(value, ",", RULE_DAYS + 1);
    for (char **word = words; *word; word++)
        if (*count >= RULE_DAYS || !read_number(*word, may_sign, &numbers[*count]) ||
            numbers[*count] == 0 || abs(numbers[(*count)++]) > largest)
            return FALSE;
    return *count > 0;
}

static gboolean read_day(char *word, Rule *rule)
{
    gsize length = strlen(word);
    int nth = 0;
    if (length < 2 || rule->n_days >= RULE_DAYS)
        return FALSE;
    for (guint day = 0; day < G_N_ELEMENTS(day_names); day++) {
        if (g_ascii_strcasecmp(word + length - 2, day_names[day]) != 0)
            continue;
        word[length - 2] = '\0';
        if (*word && (!read_number(word, TRUE, &nth) || nth == 0 || abs(nth) > 5))
            return FALSE;
        rule->days[rule->n_days].nth = nth;
        rule->days[rule->n_days++].day = day;
        return TRUE;
    }
    return FALSE;
}

static gboolean read_days(const char *value, Rule *rule)
{
    g_auto(GStrv) words = g_strsplit(value, ",", RULE_DAYS + 1);
    for (char **word = words; *word; word++)
        if (!read_day(*word, rule))
            return FALSE;
    return rule->n_days > 0;
}

static gboolean read_every(const char *value, Rule *rule)
{
    static const char *const words[] = {"DAILY", "WEEKLY", "MONTHLY", "YEARLY"};
    for (guint i = 0; i < G_N_ELEMENTS(words); i++)
        if (g_ascii_strcasecmp(value, words[i]) == 0) {
            rule->every = i;
            return TRUE;
        }
    return FALSE;
}

static gboolean read_until(const char *value, Rule *rule)
{
    gsize length = strlen(value);
    if ((length != 8 && length != 15 && length != 16) || strspn(value, "0123456789TZ") != length ||
        strspn(value, "0123456789") < 8)
        return FALSE;
    memcpy(rule->until, value, length + 1);
    return TRUE;
}

static gboolean read_field(const char *name, const char *value, Rule *rule)
{
    int number;
    guint one = 0;
    if (g_ascii_strcasecmp(name, "FREQ") == 0)
        return read_every(value, rule);
    if (g_ascii_strcasecmp(name, "UNTIL") == 0)
        return read_until(value, rule);
    if (g_ascii_strcasecmp(name, "BYDAY") == 0)
        return read_days(value, rule);
    if (g_ascii_strcasecmp(name, "BYMONTHDAY") == 0)
        return read_numbers(value, 31, TRUE, rule->month_days, &rule->n_month_days);
    if (g_ascii_strcasecmp(name, "BYMONTH") == 0)
        return read_numbers(value, 12, FALSE, rule->months, &rule->n_months);
    if (g_ascii_strcasecmp(name, "BYSETPOS") == 0)
        return strchr(value, ',') == NULL && read_numbers(value, 5, TRUE, &rule->position, &one);
    if (g_ascii_strcasecmp(name, "WKST") == 0)
        return TRUE;
    if (!read_number(value, FALSE, &number) || number == 0)
        return FALSE;
    if (g_ascii_strcasecmp(name, "COUNT") == 0)
        rule->count = (guint)number;
    else if (g_ascii_strcasecmp(name, "INTERVAL") == 0)
        rule->interval = (guint)number;
    else
        return FALSE;
    return TRUE;
}

gboolean rule_read(const char *value, Rule *rule)
{
    g_auto(GStrv) fields = g_strsplit(value, ";", 16);
    gboolean said = FALSE;
    *rule = (Rule){.interval = 1};
    for (char **field = fields; *field; field++) {
        char *equals = strchr(*field, '=');
        if (**field == '\0')
            continue;
        if (equals == NULL)
            return FALSE;
        *equals = '\0';
        if (!read_field(*field, equals + 1, rule))
            return FALSE;
        said |= g_ascii_strcasecmp(*field, "FREQ") == 0;
    }
    return said;
}

/* --- words ---------------------------------------------------------------------------------- */

/* Between the elements I of N. */
static const char *between(guint i, guint n)
{
    return i == 0 ? "" : i + 1 == n ? " and " : ", ";
}

static void append_nth(GString *out, int nth)
{
    static const char *const words[] = {"first ", "second ", "third ", "fourth ", "fifth "};
    if (nth < -1)
        g_string_append_printf(out, "%slast ", words[-nth - 1]);
    else
        g_string_append(out, nth == -1 ? "last " : words[nth - 1]);
}

static void append_days(GString *out, const Rule *rule)
{
    static const char *const names[] = {"Monday", "Tuesday",  "Wednesday", "Thursday",
                                        "Friday", "Saturday", "Sunday"};
    g_string_append(out, " on ");
    if (rule->position != 0) {
        g_string_append(out, "the ");
        append_nth(out, rule->position);
        g_string_append(out, "of ");
    }
    for (guint i = 0; i < rule->n_days; i++) {
        g_string_append(out, between(i, rule->n_days));
        if (rule->days[i].nth != 0) {
            g_string_append(out, "the ");
            append_nth(out, rule->days[i].nth);
        }
        g_string_append(out, names[rule->days[i].day]);
    }
}

static void append_month_days(GString *out, const Rule *rule)
{
    g_string_append(out, " on ");
    for (guint i = 0; i < rule->n_month_days; i++) {
        int day = rule->month_days[i];
        g_string_append(out, between(i, rule->n_month_days));
        if (day == -1)
            g_string_append(out, "the last day");
        else if (day < 0)
            g_string_append_printf(out, "day %d from the end", -day);
        else
            g_string_append_printf(out, "day %d", day);
    }
}

static void append_months(GString *out, const Rule *rule)
{
    static const char *const names[] = {"January",   "February", "March",    "April",
                                        "May",       "June",     "July",     "August",
                                        "September", "October",  "November", "December"};
    g_string_append(out, " in ");
    for (guint i = 0; i < rule->n_months; i++)
        g_string_append_printf(out, "%s%s", between(i, rule->n_months), names[rule->months[i] - 1]);
}

char *rule_words(const Rule *rule)
{
    static const char *const units[] = {"day", "week", "month", "year"};
    GString *out = g_string_new("every ");
    if (rule->interval > 1)
        g_string_append_printf(out, "%u %ss", rule->interval, units[rule->every]);
    else
        g_string_append(out, units[rule->every]);
    if (rule->n_months > 0)
        append_months(out, rule);
    if (rule->n_month_days > 0)
        append_month_days(out, rule);
    if (rule->n_days > 0)
        append_days(out, rule);
    if (rule->count > 0)
        g_string_append_printf(out, ", %u time%s", rule->count, rule->count > 1 ? "s" : "");
    if (*rule->until)
        g_string_append_printf(out, ", until %.4s-%.2s-%.2s", rule->until, rule->until + 4,
                               rule->until + 6);
    return g_string_free(out, FALSE);
}
