/* See json.h. */
#include "cli/json.h"

#include <stdio.h>

#include "core/error.h"
#include "core/text.h"

/* Outside of strings these characters cannot occur, so the text can be escaped as a whole.
 * json-glib escapes all below U+001F itself, but not that one. */
static gboolean must_escape(gunichar c)
{
    return c == 0x1f || (c >= 0x7f && c < 0xa0) || c == 0x2028 || c == 0x2029;
}

/* Appends BUILDER's document, with INDENT before all lines but the first. */
static void append_json(GString *out, JsonBuilder *builder, const char *indent)
{
    g_autoptr(JsonNode) root = json_builder_get_root(builder);
    g_autofree char *text = json_to_string(root, TRUE);
    for (const char *at = text; *at; at = g_utf8_next_char(at)) {
        gunichar c = g_utf8_get_char(at);
        if (must_escape(c))
            g_string_append_printf(out, "\\u%04x", c);
        else
            g_string_append_len(out, at, g_utf8_next_char(at) - at);
        if (c == '\n') /* between members: in a string it is escaped */
            g_string_append(out, indent);
    }
}

void output_json(JsonBuilder *builder)
{
    g_autoptr(GString) safe = g_string_new(NULL);
    append_json(safe, builder, "");
    g_string_append_c(safe, '\n');
    fwrite(safe->str, 1, safe->len, stdout);
}

#define WAITING_BYTES (1024 * 1024)

static void print_waiting(JsonArrayOutput *output)
{
    fwrite(output->waiting->str, 1, output->waiting->len, stdout);
    g_string_truncate(output->waiting, 0);
}

void output_json_element(JsonArrayOutput *output, JsonBuilder *builder)
{
    if (output->waiting == NULL)
        output->waiting = g_string_new(NULL);
    g_string_append(output->waiting, output->elements++ == 0 ? "[\n  " : ",\n  ");
    append_json(output->waiting, builder, "  ");
    if (output->waiting->len >= WAITING_BYTES)
        print_waiting(output);
}

void output_json_array_end(JsonArrayOutput *output, gboolean failed)
{
    if (output->waiting == NULL)
        output->waiting = g_string_new(NULL);
    g_string_append(output->waiting, output->elements == 0 ? "[]\n" : "\n]\n");
    if (!failed)
        print_waiting(output);
    g_string_free(output->waiting, TRUE);
    output->waiting = NULL;
}

static void add_string(JsonBuilder *builder, const char *value)
{
    g_autofree char *valid = text_utf8(value, -1);
    json_builder_add_string_value(builder, valid);
}

void json_string(JsonBuilder *builder, const char *name, const char *value)
{
    json_builder_set_member_name(builder, name);
    if (value)
        add_string(builder, value);
    else
        json_builder_add_null_value(builder);
}

void json_int(JsonBuilder *builder, const char *name, gint64 value)
{
    json_builder_set_member_name(builder, name);
    json_builder_add_int_value(builder, value);
}

void json_bool(JsonBuilder *builder, const char *name, gboolean value)
{
    json_builder_set_member_name(builder, name);
    json_builder_add_boolean_value(builder, value);
}

void json_strings(JsonBuilder *builder, const char *name, const GPtrArray *values)
{
    json_builder_set_member_name(builder, name);
    json_builder_begin_array(builder);
    for (guint i = 0; i < values->len; i++)
        add_string(builder, values->pdata[i]);
    json_builder_end_array(builder);
}

void json_time(JsonBuilder *builder, const char *name, gint64 seconds)
{
    g_autoptr(GDateTime) time = seconds ? g_date_time_new_from_unix_local(seconds) : NULL;
    g_autofree char *text = time ? g_date_time_format(time, "%Y-%m-%dT%H:%M:%S%:z") : NULL;
    json_string(builder, name, text);
}

void json_failure(JsonBuilder *builder, const GError *error)
{
    json_builder_set_member_name(builder, "error");
    json_builder_begin_object(builder);
    json_int(builder, "code", postern_exit_code(error));
    json_string(builder, "rule", postern_error_rule(error));
    json_string(builder, "message", error->message);
    json_string(builder, "mend", postern_error_mend(error));
    json_builder_end_object(builder);
}

void output_json_failure(const GError *error)
{
    g_autoptr(JsonBuilder) builder = json_builder_new();
    json_builder_begin_object(builder);
    json_failure(builder, error);
    json_builder_end_object(builder);
    output_json(builder);
}
