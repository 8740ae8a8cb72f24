/* See caltime.h. */
#include "mime/caltime.h"

#include <stdlib.h>
#include <string.h>

#include "core/limits.h"
#include "mime/recurrence.h"

#define DAY_S (24 * 60 * 60)
#define ZONE_SIZE 64
/* Clocks differ by a day at most (RFC 5545, 3.3.14). */
#define OFFSET_MAX_S (DAY_S - 1)

void calendar_time_free(CalendarTime *time)
{
    if (time == NULL)
        return;
    g_free(time->zone);
    g_free(time);
}

/* --- digits --------------------------------------------------------------------------------- */

static int digits(const char *text, gsize n)
{
    int number = 0;
    for (gsize i = 0; i < n; i++)
        number = number * 10 + (text[i] - '0');
    return number;
}

static gboolean has_digits(const char *text, gsize n)
{
    return strspn(text, "0123456789") >= n;
}

/* "20261126", "20261126T100000" or the same with Z; *USED says how much of VALUE that was. */
static gboolean read_wall(const char *value, gint64 *wall, gboolean *day, gboolean *utc)
{
    if (!has_digits(value, 8))
        return FALSE;
    gboolean clock = value[8] == 'T';
    if (clock && !has_digits(value + 9, 6))
        return FALSE;
    int second = clock ? MIN(digits(value + 13, 2), 59) : 0;
    g_autoptr(GDateTime) time = g_date_time_new_utc(
        digits(value, 4), digits(value + 4, 2), digits(value + 6, 2),
        clock ? digits(value + 9, 2) : 0, clock ? digits(value + 11, 2) : 0, second);
    const char *end = value + (clock ? 15 : 8);
    *day = !clock;
    *utc = clock && *end == 'Z';
    end += *utc;
    if (time == NULL || (*end != '\0' && *end != ',' && *end != '/'))
        return FALSE;
    *wall = g_date_time_to_unix(time);
    return TRUE;
}

/* "+0100", "-053000". */
static gboolean read_offset(const char *value, gint32 *offset)
{
    gsize length = value ? strlen(value) : 0;
    if ((length != 5 && length != 7) || strchr("+-", *value) == NULL ||
        !has_digits(value + 1, length - 1))
        return FALSE;
    int seconds = digits(value + 1, 2) * 3600 + digits(value + 3, 2) * 60 +
                  (length == 7 ? digits(value + 5, 2) : 0);
    *offset = *value == '-' ? -seconds : seconds;
    return seconds <= OFFSET_MAX_S;
}

/* --- the system's zones ---------------------------------------------------------------------- */

/* Its name for ZONE: a name of two words or three, as others write it behind words of their own
 * ("/mozilla.org/20050126_1/Europe/Berlin"). NULL for none that could be one. */
static const char *system_name(const char *zone)
{
    const char *last = strrchr(zone, '/');
    if (*zone == '/' && last > zone)
        for (zone = last - 1; *zone != '/';)
            zone--;
    zone += *zone == '/';
    if (strchr(zone, '/') == NULL || strlen(zone) >= ZONE_SIZE)
        return NULL;
    for (const char *at = zone; *at; at++)
        if (!g_ascii_isalnum(*at) && strchr("_+-/", *at) == NULL)
            return NULL;
    return zone;
}

static gboolean system_offset(const char *zone, gint64 wall, gint32 *offset)
{
    const char *name = system_name(zone);
    g_autoptr(GTimeZone) there = name ? g_time_zone_new_identifier(name) : NULL;
    if (there == NULL)
        return FALSE;
    int interval = g_time_zone_adjust_time(there, G_TIME_TYPE_STANDARD, &wall);
    *offset = g_time_zone_get_offset(there, interval);
    return TRUE;
}

/* --- those of the message -------------------------------------------------------------------- */

/* The last NTH (from 1, or from -1 backwards) DAY (0: Monday) of a month, as a day of it; 0 for
 * none. */
static guint nth_day(guint year, guint month, int nth, guint day)
{
    guint days = g_date_get_days_in_month((GDateMonth)month, (GDateYear)year);
    g_autoptr(GDate) first = g_date_new_dmy(1, (GDateMonth)month, (GDateYear)year);
    guint found = 1 + (day + 7 - ((guint)g_date_get_weekday(first) - 1)) % 7;
    int in_month = (int)((days - found) / 7) + 1;
    int wanted = nth > 0 ? nth - 1 : in_month + nth;
    return wanted < 0 || wanted >= in_month ? 0 : found + 7 * (guint)wanted;
}

/* When the rule, which began at START, comes in YEAR. FALSE: not then. */
static gboolean comes(const Rule *rule, GDateTime *start, int year, gint64 *wall)
{
    guint month = rule->n_months ? (guint)rule->months[0] : (guint)g_date_time_get_month(start);
    guint day = (guint)g_date_time_get_day_of_month(start);
    if (year < 1 || year > 9999)
        return FALSE;
    if (rule->n_days > 0)
        day = nth_day((guint)year, month, rule->days[0].nth, rule->days[0].day);
    else if (rule->n_month_days > 0)
        day = (guint)MAX(rule->month_days[0], 0);
    g_autoptr(GDateTime) time =
        g_date_time_new_utc(year, (int)month, (int)day, g_date_time_get_hour(start),
                            g_date_time_get_minute(start), g_date_time_get_second(start));
    if (time == NULL)
        return FALSE;
    *wall = g_date_time_to_unix(time);
    return TRUE;
}

/* A clock is changed on one day of the year; other rules are none of a zone that we know. */
static gboolean is_yearly(const Rule *rule)
{
    return rule->every == EVERY_YEAR && rule->interval == 1 && rule->count == 0 &&
           rule->position == 0 && rule->n_days <= 1 && rule->n_months <= 1 &&
           rule->n_month_days <= 1 && (rule->n_days == 0 || rule->n_month_days == 0) &&
           (rule->n_days == 0 || rule->days[0].nth != 0);
}

static void later(gint64 candidate, gint64 first, gint64 last, gint64 *latest)
{
    if (candidate >= first && candidate <= last)
        *latest = MAX(*latest, candidate);
}

static gboolean latest_by_rule(const char *value, gint64 first, gint64 last, gint64 *latest)
{
    Rule rule;
    gboolean day, utc;
    gint64 until, candidate;
    if (!rule_read(value, &rule) || !is_yearly(&rule))
        return FALSE;
    if (*rule.until && read_wall(rule.until, &until, &day, &utc))
        last = MIN(last, until + DAY_S);
    g_autoptr(GDateTime) start = g_date_time_new_from_unix_utc(first);
    g_autoptr(GDateTime) end = g_date_time_new_from_unix_utc(last);
    for (int year = g_date_time_get_year(end); year >= g_date_time_get_year(end) - 1; year--)
        if (comes(&rule, start, year, &candidate))
            later(candidate, first, last, latest);
    return TRUE;
}

static void latest_by_dates(const char *value, gint64 first, gint64 last, gint64 *latest)
{
    g_auto(GStrv) dates = g_strsplit(value, ",", LIMIT_CALENDAR_BY);
    gboolean day, utc;
    gint64 candidate;
    for (char **date = dates; *date; date++)
        if (read_wall(*date, &candidate, &day, &utc))
            later(candidate, first, last, latest);
}

/* The last time until WALL that OBSERVANCE began; *LATEST stays where it never did. FALSE for one
 * that is not understood. */
static gboolean latest_onset(const CalendarComponent *observance, gint64 wall, gint64 *latest)
{
    const char *start = calendar_value(observance, "DTSTART");
    gboolean day, utc, fine = TRUE;
    gint64 first;
    if (start == NULL || !read_wall(start, &first, &day, &utc))
        return FALSE;
    later(first, first, wall, latest);
    for (guint i = 0; i < observance->properties->len && first <= wall; i++) {
        const CalendarProperty *property = observance->properties->pdata[i];
        if (strcmp(property->name, "RRULE") == 0)
            fine = fine && latest_by_rule(property->value, first, wall, latest);
        else if (strcmp(property->name, "RDATE") == 0)
            latest_by_dates(property->value, first, wall, latest);
    }
    return fine;
}

static gboolean offset_in(const CalendarComponent *zone, gint64 wall, gint32 *offset)
{
    gint64 latest = G_MININT64;
    gboolean any = FALSE;
    for (guint i = 0; i < MIN(zone->components->len, LIMIT_CALENDAR_BY); i++) {
        const CalendarComponent *observance = zone->components->pdata[i];
        gint64 onset = G_MININT64;
        gint32 to, from;
        if (!latest_onset(observance, wall, &onset) ||
            !read_offset(calendar_value(observance, "TZOFFSETTO"), &to) ||
            !read_offset(calendar_value(observance, "TZOFFSETFROM"), &from))
            return FALSE;
        if (!any || onset > latest)
            *offset = onset == G_MININT64 ? from : to;
        latest = MAX(latest, onset);
        any = TRUE;
    }
    return any;
}

static gboolean message_offset(const CalendarComponent *calendar, const char *name, gint64 wall,
                               gint32 *offset)
{
    for (guint i = 0; i < calendar->components->len; i++) {
        const CalendarComponent *zone = calendar->components->pdata[i];
        const char *id = calendar_value(zone, "TZID");
        if (strcmp(zone->name, "VTIMEZONE") == 0 && g_strcmp0(id, name) == 0)
            return offset_in(zone, wall, offset);
    }
    return FALSE;
}

/* --- times ---------------------------------------------------------------------------------- */

static void find_offset(CalendarTime *time, const CalendarComponent *calendar)
{
    time->offset = 0;
    time->known =
        !time->day && time->zone &&
        (strcmp(time->zone, "UTC") == 0 || system_offset(time->zone, time->wall, &time->offset) ||
         message_offset(calendar, time->zone, time->wall, &time->offset));
}

CalendarTime *calendar_time_read(const CalendarProperty *property,
                                 const CalendarComponent *calendar)
{
    g_autoptr(CalendarTime) time = g_new0(CalendarTime, 1);
    gboolean utc;
    if (!read_wall(property->value, &time->wall, &time->day, &utc))
        return NULL;
    time->zone = time->day ? NULL : g_strdup(utc ? "UTC" : calendar_parameter(property, "TZID"));
    find_offset(time, calendar);
    return g_steal_pointer(&time);
}

/* Years at most, so that nothing overflows. */
static gboolean read_duration(const char *value, gint64 *seconds)
{
    static const char letters[] = "WDHMS";
    static const gint64 units[] = {7 * DAY_S, DAY_S, 3600, 60, 1};
    const char *at = value + (*value == '+');
    gboolean any = FALSE;
    if (*at++ != 'P')
        return FALSE;
    for (*seconds = 0; *at;) {
        at += *at == 'T';
        gsize length = strspn(at, "0123456789");
        const char *unit = at[length] ? strchr(letters, at[length]) : NULL;
        if (length == 0 || length > 6 || unit == NULL)
            return FALSE;
        *seconds += digits(at, length) * units[unit - letters];
        at += length + 1;
        any = TRUE;
    }
    return any && *seconds < (gint64)20 * 366 * DAY_S;
}

CalendarTime *calendar_time_after(const CalendarTime *time, const char *value,
                                  const CalendarComponent *calendar)
{
    gint64 seconds;
    if (!read_duration(value, &seconds))
        return NULL;
    CalendarTime *end = g_new0(CalendarTime, 1);
    end->wall = time->wall + seconds;
    end->day = time->day && seconds % DAY_S == 0;
    end->zone = g_strdup(time->zone);
    find_offset(end, calendar);
    return end;
}

char *calendar_time_text(const CalendarTime *time)
{
    g_autoptr(GDateTime) wall = g_date_time_new_from_unix_utc(time->wall);
    if (wall == NULL)
        return g_strdup("?");
    g_autofree char *text = g_date_time_format(wall, time->day ? "%Y-%m-%d" : "%Y-%m-%dT%H:%M:%S");
    if (time->day || !time->known)
        return g_steal_pointer(&text);
    if (g_strcmp0(time->zone, "UTC") == 0)
        return g_strconcat(text, "Z", NULL);
    int minutes = abs(time->offset) / 60;
    return g_strdup_printf("%s%c%02d:%02d", text, time->offset < 0 ? '-' : '+', minutes / 60,
                           minutes % 60);
}
