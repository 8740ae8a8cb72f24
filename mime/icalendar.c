/* See icalendar.h. */
#include "mime/icalendar.h"

#include <string.h>

#include "core/limits.h"
#include "mime/charset.h"

static void parameter_free(gpointer data)
{
    CalendarParameter *parameter = data;
    g_free(parameter->name);
    g_free(parameter->value);
    g_free(parameter);
}

static void property_free(gpointer data)
{
    CalendarProperty *property = data;
    g_free(property->name);
    g_ptr_array_unref(property->parameters);
    g_free(property->value);
    g_free(property);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CalendarProperty, property_free)

static void component_free(gpointer component)
{
    calendar_component_free(component);
}

static CalendarComponent *component_new(const char *name)
{
    CalendarComponent *component = g_new0(CalendarComponent, 1);
    component->name = g_ascii_strup(name, -1);
    component->properties = g_ptr_array_new_with_free_func(property_free);
    component->components = g_ptr_array_new_with_free_func(component_free);
    return component;
}

/* No deeper than LIMIT_CALENDAR_DEPTH. */
void calendar_component_free(CalendarComponent *component)
{
    if (component == NULL)
        return;
    g_free(component->name);
    g_ptr_array_unref(component->properties);
    g_ptr_array_unref(component->components);
    g_free(component);
}

/* --- one line ------------------------------------------------------------------------------- */

/* Quotes are no part of a value, and ^n, ^', ^^ stand for what may not (RFC 6868). */
static char *plain_parameter(const char *at, const char *end)
{
    GString *out = g_string_new(NULL);
    for (; at < end; at++) {
        char next = *at == '^' && at + 1 < end ? at[1] : '\0';
        if (next == 'n' || next == '\'' || next == '^') {
            g_string_append_c(out, next == 'n' ? '\n' : next == '\'' ? '"' : '^');
            at++;
        } else if (*at != '"')
            g_string_append_c(out, *at);
    }
    return g_string_free(out, FALSE);
}

static const char *end_of_name(const char *at)
{
    while (g_ascii_isalnum(*at) || *at == '-')
        at++;
    return at;
}

/* The next ";" or ":" that stands in no quotes; NULL for none. */
static const char *end_of_parameter(const char *at)
{
    gboolean quoted = FALSE;
    for (; *at; at++) {
        quoted ^= *at == '"';
        if (!quoted && (*at == ';' || *at == ':'))
            return at;
    }
    return NULL;
}

/* NULL for what is no content line. */
static CalendarProperty *read_line(const char *line)
{
    const char *at = end_of_name(line);
    if (at == line || (*at != ';' && *at != ':'))
        return NULL;
    g_autoptr(CalendarProperty) property = g_new0(CalendarProperty, 1);
    property->parameters = g_ptr_array_new_with_free_func(parameter_free);
    g_autofree char *name = g_strndup(line, (gsize)(at - line));
    property->name = g_ascii_strup(name, -1);
    while (*at == ';') {
        const char *start = at + 1, *equals = end_of_name(start);
        const char *end = *equals == '=' ? end_of_parameter(equals) : NULL;
        if (end == NULL || equals == start ||
            property->parameters->len >= LIMIT_CALENDAR_PARAMETERS)
            return NULL;
        g_autofree char *word = g_strndup(start, (gsize)(equals - start));
        CalendarParameter *parameter = g_new0(CalendarParameter, 1);
        parameter->name = g_ascii_strup(word, -1);
        parameter->value = plain_parameter(equals + 1, end);
        g_ptr_array_add(property->parameters, parameter);
        at = end;
    }
    property->value = g_strdup(at + 1);
    return g_steal_pointer(&property);
}

/* --- all of them ---------------------------------------------------------------------------- */

typedef struct {
    const char *at, *end;
    const char *charset;
    CalendarComponent *root;
    GPtrArray *open; /* CalendarComponent *, from the outside in */
    guint skipped;   /* components that are open and left out */
    guint properties, components;
    gboolean done, truncated;
} Parser;

/* The next line, unfolded before it is decoded: a fold may part the bytes of a character. NULL for
 * one that is too long. */
static char *next_line(Parser *self)
{
    g_autoptr(GString) line = g_string_new(NULL);
    gboolean fits = TRUE, more = TRUE;
    while (more) {
        const char *feed = memchr(self->at, '\n', (gsize)(self->end - self->at));
        const char *stop = feed ? feed : self->end;
        gsize size = (gsize)(stop - self->at);
        if (size > 0 && stop[-1] == '\r')
            size--;
        fits = fits && line->len + size <= LIMIT_CALENDAR_LINE;
        if (fits)
            g_string_append_len(line, self->at, (gssize)size);
        self->at = feed ? feed + 1 : self->end;
        more = self->at < self->end && (*self->at == ' ' || *self->at == '\t');
        self->at += more;
    }
    if (fits)
        return charset_to_utf8(self->charset ? self->charset : "utf-8", line->str, line->len);
    self->truncated = TRUE;
    return NULL;
}

static void begin(Parser *self, const char *name)
{
    CalendarComponent *top = self->open->len > 0 ? self->open->pdata[self->open->len - 1] : NULL;
    gboolean named = name[0] != '\0' && *end_of_name(name) == '\0';
    if (top == NULL && g_ascii_strcasecmp(name, "VCALENDAR") != 0)
        return;
    if (self->skipped > 0 || !named ||
        (top && (self->open->len >= LIMIT_CALENDAR_DEPTH ||
                 self->components >= LIMIT_CALENDAR_COMPONENTS))) {
        self->skipped++;
        self->truncated = TRUE;
        return;
    }
    CalendarComponent *component = component_new(name);
    self->components++;
    if (top)
        g_ptr_array_add(top->components, component);
    else
        self->root = component;
    g_ptr_array_add(self->open, component);
}

/* One that was not begun ends nothing; one that is not the last ends those within, too. */
static void end(Parser *self, const char *name)
{
    if (self->skipped > 0) {
        self->skipped--;
        return;
    }
    for (guint i = self->open->len; i > 0; i--)
        if (g_ascii_strcasecmp(((CalendarComponent *)self->open->pdata[i - 1])->name, name) == 0) {
            g_ptr_array_set_size(self->open, (int)i - 1);
            self->done = i == 1;
            return;
        }
}

static void take_line(Parser *self, const char *line)
{
    g_autoptr(CalendarProperty) property = read_line(line);
    if (property == NULL)
        return;
    if (strcmp(property->name, "BEGIN") == 0 || strcmp(property->name, "END") == 0) {
        g_autofree char *name = g_strstrip(g_strdup(property->value));
        (*property->name == 'B' ? begin : end)(self, name);
        return;
    }
    if (self->open->len == 0 || self->skipped > 0)
        return;
    CalendarComponent *top = self->open->pdata[self->open->len - 1];
    if (self->properties >= LIMIT_CALENDAR_PROPERTIES) {
        self->truncated = TRUE;
        return;
    }
    self->properties++;
    g_ptr_array_add(top->properties, g_steal_pointer(&property));
}

CalendarComponent *icalendar_parse(GBytes *bytes, const char *charset, gboolean *truncated)
{
    gsize size;
    const char *data = g_bytes_get_data(bytes, &size);
    g_autoptr(GPtrArray) open = g_ptr_array_new();
    Parser self = {.at = data, .charset = charset, .open = open};
    self.end = data + MIN(size, LIMIT_CALENDAR_BYTES);
    while (self.at < self.end && !self.done) {
        g_autofree char *line = next_line(&self);
        if (line)
            take_line(&self, line);
    }
    *truncated = self.truncated || !self.done;
    return self.root;
}

/* --- looking things up ---------------------------------------------------------------------- */

const CalendarProperty *calendar_property(const CalendarComponent *component, const char *name)
{
    for (guint i = 0; i < component->properties->len; i++) {
        const CalendarProperty *property = component->properties->pdata[i];
        if (strcmp(property->name, name) == 0)
            return property;
    }
    return NULL;
}

const char *calendar_value(const CalendarComponent *component, const char *name)
{
    const CalendarProperty *property = calendar_property(component, name);
    return property ? property->value : NULL;
}

const char *calendar_parameter(const CalendarProperty *property, const char *name)
{
    for (guint i = 0; i < property->parameters->len; i++) {
        const CalendarParameter *parameter = property->parameters->pdata[i];
        if (strcmp(parameter->name, name) == 0)
            return parameter->value;
    }
    return NULL;
}

char *calendar_text(const char *value)
{
    GString *text = g_string_new(NULL);
    for (const char *at = value; *at; at++) {
        if (*at != '\\' || at[1] == '\0') {
            g_string_append_c(text, *at);
            continue;
        }
        at++;
        g_string_append_c(text, *at == 'n' || *at == 'N' ? '\n' : *at);
    }
    return g_string_free(text, FALSE);
}

char *calendar_escaped(const char *text)
{
    GString *value = g_string_new(NULL);
    for (const char *at = text; *at; at = g_utf8_next_char(at)) {
        gunichar c = g_utf8_get_char(at);
        if (c == '\n')
            g_string_append(value, "\\n");
        else if (g_unichar_iscntrl(c) || c == 0x2028 || c == 0x2029)
            g_string_append_c(value, ' ');
        else {
            if (c == '\\' || c == ';' || c == ',')
                g_string_append_c(value, '\\');
            g_string_append_unichar(value, c);
        }
    }
    return g_string_free(value, FALSE);
}
