/* See query-value.h. */
#include "store/query-value.h"

#include <string.h>

/* Digits of a number before a unit: far beyond any mailbox, and no overflow on the way. */
#define AGO_DIGITS 5
#define SIZE_DIGITS 12

#define DATE_FORMS "write 2024, 2024-03, 2024-03-05, today, yesterday or a range such as 7d.."
#define SIZE_FORMS "write size:>1M, size:<10k or size:1M..2M"

static gboolean fault_is(ValueFault *fault, gsize at, const char *why, const char *mend)
{
    *fault = (ValueFault){at, why, mend};
    return FALSE;
}

/* Exactly DIGITS decimal digits at TEXT, or -1. */
static gint digits_of(const char *text, guint digits)
{
    gint number = 0;
    for (guint i = 0; i < digits; i++) {
        if (!g_ascii_isdigit(text[i]))
            return -1;
        number = number * 10 + (text[i] - '0');
    }
    return number;
}

static void stretch(GDateTime *begin, GDateTime *next, gint64 *first, gint64 *last)
{
    *first = g_date_time_to_unix(begin);
    *last = next ? g_date_time_to_unix(next) - 1 : G_MAXINT64;
}

/* "2024", "2024-03" or "2024-03-05" */
static gboolean calendar(const char *text, GTimeZone *zone, gint64 *first, gint64 *last)
{
    gsize size = strlen(text);
    gint month = 1, day = 1;
    gint year = size >= 4 ? digits_of(text, 4) : -1;
    if (size != 4 && size != 7 && size != 10)
        return FALSE;
    if (size >= 7)
        month = text[4] == '-' ? digits_of(text + 5, 2) : -1;
    if (size == 10)
        day = text[7] == '-' ? digits_of(text + 8, 2) : -1;
    if (year < 1 || month < 1 || day < 1)
        return FALSE;
    g_autoptr(GDateTime) begin = g_date_time_new(zone, year, month, day, 0, 0, 0);
    if (begin == NULL)
        return FALSE;
    g_autoptr(GDateTime) next = size == 4   ? g_date_time_add_years(begin, 1)
                                : size == 7 ? g_date_time_add_months(begin, 1)
                                            : g_date_time_add_days(begin, 1);
    stretch(begin, next, first, last);
    return TRUE;
}

/* "today" or "yesterday" */
static gboolean named_day(const char *text, GDateTime *now, GTimeZone *zone, gint64 *first,
                          gint64 *last)
{
    gboolean yesterday = g_ascii_strcasecmp(text, "yesterday") == 0;
    if (!yesterday && g_ascii_strcasecmp(text, "today") != 0)
        return FALSE;
    g_autoptr(GDateTime) noon = g_date_time_add_days(now, yesterday ? -1 : 0);
    if (noon == NULL)
        return FALSE;
    g_autoptr(GDateTime) begin =
        g_date_time_new(zone, g_date_time_get_year(noon), g_date_time_get_month(noon),
                        g_date_time_get_day_of_month(noon), 0, 0, 0);
    g_autoptr(GDateTime) next = g_date_time_add_days(begin, 1);
    stretch(begin, next, first, last);
    return TRUE;
}

/* "7d": a moment, that long before NOW. */
static gboolean ago(const char *text, GDateTime *now, gint64 *moment)
{
    gsize digits = strspn(text, "0123456789");
    if (digits == 0 || digits > AGO_DIGITS || text[digits] == '\0' || text[digits + 1] != '\0')
        return FALSE;
    gint n = -digits_of(text, (guint)digits);
    g_autoptr(GDateTime) then = NULL;
    switch (text[digits]) {
    case 'h': then = g_date_time_add_hours(now, n); break;
    case 'd': then = g_date_time_add_days(now, n); break;
    case 'w': then = g_date_time_add_weeks(now, n); break;
    case 'm': then = g_date_time_add_months(now, n); break;
    case 'y': then = g_date_time_add_years(now, n); break;
    default: return FALSE;
    }
    if (then == NULL)
        return FALSE;
    *moment = g_date_time_to_unix(then);
    return TRUE;
}

static gboolean day_or_more(const char *text, GDateTime *now, GTimeZone *zone, gint64 *first,
                            gint64 *last)
{
    return named_day(text, now, zone, first, last) || calendar(text, zone, first, last);
}

static gboolean range_end(const char *text, GDateTime *now, GTimeZone *zone, gint64 *first,
                          gint64 *last)
{
    if (!ago(text, now, first))
        return day_or_more(text, now, zone, first, last);
    *last = *first;
    return TRUE;
}

/* Cuts TEXT at ".."; *left and *right are what stands beside it. */
static gboolean cut(const char *text, char **left, const char **right)
{
    const char *dots = strstr(text, "..");
    if (dots == NULL)
        return FALSE;
    *left = g_strndup(text, (gsize)(dots - text));
    *right = dots + 2;
    return TRUE;
}

gboolean query_date(const char *text, gint64 now, gint64 *from, gint64 *to, ValueFault *fault)
{
    static const char not_a_date[] = "this is not a date";
    g_autoptr(GTimeZone) zone = g_time_zone_new_local();
    g_autoptr(GDateTime) utc = g_date_time_new_from_unix_utc(now);
    g_autoptr(GDateTime) here = utc ? g_date_time_to_timezone(utc, zone) : NULL;
    g_autofree char *left = NULL;
    const char *right;
    gint64 ignored;
    if (here == NULL)
        return fault_is(fault, 0, "the clock stands at no date", "set the computer's clock");
    if (!cut(text, &left, &right)) {
        if (ago(text, here, &ignored))
            return fault_is(fault, 0, "a time span needs \"..\"",
                            "write date:7d.. for the last 7 days");
        return day_or_more(text, here, zone, from, to) ||
               fault_is(fault, 0, not_a_date, DATE_FORMS);
    }
    *from = G_MININT64;
    *to = G_MAXINT64;
    if (*left == '\0' && *right == '\0')
        return fault_is(fault, 0, "a range needs at least one end", DATE_FORMS);
    if (*left && !range_end(left, here, zone, from, &ignored))
        return fault_is(fault, 0, not_a_date, DATE_FORMS);
    if (*right && !range_end(right, here, zone, &ignored, to))
        return fault_is(fault, (gsize)(right - text), not_a_date, DATE_FORMS);
    if (*from > *to)
        return fault_is(fault, 0, "the range ends before it begins", "put the older date first");
    return TRUE;
}

static gboolean bytes_of(const char *text, gint64 *bytes)
{
    gsize digits = strspn(text, "0123456789");
    gint64 unit = 1;
    if (digits == 0 || digits > SIZE_DIGITS)
        return FALSE;
    switch (g_ascii_tolower(text[digits])) {
    case '\0': break;
    case 'k': unit = 1 << 10; break;
    case 'm': unit = 1 << 20; break;
    case 'g': unit = 1 << 30; break;
    default: return FALSE;
    }
    if (text[digits] != '\0' && text[digits + 1] != '\0')
        return FALSE;
    gint64 number = g_ascii_strtoll(text, NULL, 10);
    return g_ascii_isdigit(*text) && !__builtin_mul_overflow(number, unit, bytes);
}

/* ">1M" and its kin. */
static gboolean compared(const char *text, gint64 *from, gint64 *to, ValueFault *fault)
{
    gboolean equal = text[1] == '=';
    gsize skip = equal ? 2 : 1;
    gint64 bytes;
    if (!bytes_of(text + skip, &bytes))
        return fault_is(fault, skip, "this is not a size", SIZE_FORMS);
    if (*text == '>')
        *from = equal ? bytes : bytes + 1;
    else
        *to = equal ? bytes : bytes - 1;
    return TRUE;
}

gboolean query_size(const char *text, gint64 *from, gint64 *to, ValueFault *fault)
{
    g_autofree char *left = NULL;
    const char *right;
    *from = 0;
    *to = G_MAXINT64;
    if (*text == '>' || *text == '<')
        return compared(text, from, to, fault);
    if (!cut(text, &left, &right))
        return fault_is(fault, 0, "a size is compared, with \">\", \"<\" or \"..\"", SIZE_FORMS);
    if (*left == '\0' && *right == '\0')
        return fault_is(fault, 0, "a range needs at least one end", SIZE_FORMS);
    if (*left && !bytes_of(left, from))
        return fault_is(fault, 0, "this is not a size", SIZE_FORMS);
    if (*right && !bytes_of(right, to))
        return fault_is(fault, (gsize)(right - text), "this is not a size", SIZE_FORMS);
    if (*from > *to)
        return fault_is(fault, 0, "the range ends before it begins", "put the smaller size first");
    return TRUE;
}
