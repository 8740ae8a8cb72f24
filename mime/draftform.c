/* See draftform.h. */
#include "mime/draftform.h"

#include <string.h>

#include "core/error.h"
#include "core/text.h"

static const char *const names[N_DRAFT_FIELDS] = {
    "From", "To", "Cc", "Bcc", "Subject", "Attach", "Enclosed",
};

const char *draftform_name(DraftField field)
{
    return names[field];
}

static void line_free(gpointer data)
{
    DraftLine *line = data;
    g_free(line->value);
    g_free(line);
}

DraftForm *draftform_new(void)
{
    DraftForm *form = g_new0(DraftForm, 1);
    form->lines = g_ptr_array_new_with_free_func(line_free);
    return form;
}

void draftform_free(DraftForm *form)
{
    if (form == NULL)
        return;
    g_ptr_array_unref(form->lines);
    g_free(form->body);
    g_free(form);
}

void draftform_add(DraftForm *form, DraftField field, const char *value, guint number)
{
    g_autofree char *stripped = g_strstrip(g_strdup(value));
    if (*stripped == '\0')
        return;
    DraftLine *line = g_new0(DraftLine, 1);
    *line = (DraftLine){field, g_steal_pointer(&stripped), number};
    g_ptr_array_add(form->lines, line);
}

const DraftLine *draftform_find(const DraftForm *form, DraftField field)
{
    for (guint i = 0; i < form->lines->len; i++) {
        const DraftLine *line = form->lines->pdata[i];
        if (line->field == field)
            return line;
    }
    return NULL;
}

char *draftform_write(const DraftForm *form, const char *remarks)
{
    GString *out = g_string_new(remarks);
    for (DraftField field = 0; field < N_DRAFT_FIELDS; field++) {
        gboolean any = field == DRAFT_ENCLOSED;
        for (guint i = 0; i < form->lines->len; i++) {
            const DraftLine *line = form->lines->pdata[i];
            if (line->field != field)
                continue;
            g_string_append_printf(out, "%s: %s\n", names[field], line->value);
            any = TRUE;
        }
        if (!any)
            g_string_append_printf(out, "%s: \n", names[field]);
    }
    g_string_append_c(out, '\n');
    g_string_append(out, form->body ? form->body : "");
    return g_string_free(out, FALSE);
}

/* --- reading it ---------------------------------------------------------------------------- */

static gboolean wrong(GError **error, guint line, const char *mend, const char *what)
{
    return refuse(error, POSTERN_ERROR_INPUT, "draft.line", mend, "line %u %s", line, what);
}

static gboolean check_bytes(const char *text, gsize size, GError **error)
{
    const char *nul = memchr(text, 0, size), *invalid = NULL;
    if (nul == NULL && g_utf8_validate(text, (gssize)size, &invalid))
        return TRUE;
    guint line = 1;
    for (const char *at = text; at < (nul ? nul : invalid); at++)
        line += *at == '\n';
    return wrong(error, line, nul ? "take it out" : "save it as UTF-8",
                 nul ? "holds a NUL byte, which no mail may" : "is not UTF-8");
}

static gboolean check_controls(const char *line, guint number, GError **error)
{
    for (const char *at = line; *at; at++)
        if (((guchar)*at < ' ' && *at != '\t') || *at == 127)
            return wrong(error, number, "take it out", "holds a control character");
    return TRUE;
}

static gboolean find_field(const char *name, DraftField *field)
{
    for (*field = 0; *field < N_DRAFT_FIELDS; (*field)++)
        if (g_ascii_strcasecmp(name, names[*field]) == 0)
            return TRUE;
    return FALSE;
}

static gboolean add_field(DraftForm *form, const char *line, guint number, GError **error)
{
    const char *colon = strchr(line, ':');
    DraftField field;
    if (colon == NULL)
        return wrong(error, number,
                     "write NAME: value; an empty line parts the fields from the text",
                     "is no field");
    g_autofree char *name = g_strchomp(g_strndup(line, (gsize)(colon - line)));
    if (!find_field(name, &field)) {
        g_autofree char *shown = text_name(name);
        g_autofree char *what = g_strdup_printf("has the field “%s”, which there is not", shown);
        return wrong(
            error, number,
            "there are From, To, Cc, Bcc, Subject, Attach and Enclosed; an empty line parts "
            "them from the text",
            what);
    }
    if ((field == DRAFT_FROM || field == DRAFT_SUBJECT) && draftform_find(form, field)) {
        g_autofree char *what = g_strdup_printf("says %s a second time", names[field]);
        return wrong(error, number, "leave one of them", what);
    }
    draftform_add(form, field, colon + 1, number);
    return TRUE;
}

/* A line that begins with a blank goes on with the one before (RFC 5322, 2.2.3). */
static char *unfold(char **lines, guint *i)
{
    GString *line = g_string_new(lines[*i]);
    while (lines[*i + 1] && (*lines[*i + 1] == ' ' || *lines[*i + 1] == '\t')) {
        g_autofree char *next = g_strstrip(g_strdup(lines[*i + 1]));
        if (*next == '\0') /* blanks alone are as good as an empty line */
            break;
        g_string_append_printf(line, " %s", next);
        (*i)++;
    }
    return g_string_free(line, FALSE);
}

static gboolean is_blank(const char *line)
{
    return line[strspn(line, " \t")] == '\0';
}

/* The rest of TEXT behind its first N lines. */
static const char *behind(const char *text, guint n)
{
    for (; n > 0 && *text; text++)
        n -= *text == '\n';
    return text;
}

/* Its lines end as here. What an editor turned twice ends with CR CR LF: were one of them left, the
 * text would be another one each time that it is saved and read. */
static GString *with_line_feeds(const char *text, gsize size)
{
    GString *clean = g_string_sized_new(size);
    for (gsize i = 0; i < size; i++) {
        while (text[i] == '\n' && clean->len > 0 && clean->str[clean->len - 1] == '\r')
            g_string_truncate(clean, clean->len - 1);
        g_string_append_c(clean, text[i]);
    }
    return clean;
}

DraftForm *draftform_parse(const char *text, gsize size, GError **error)
{
    if (!check_bytes(text, size, error))
        return NULL;
    g_autoptr(GString) clean = with_line_feeds(text, size);
    if (g_str_has_prefix(clean->str, "\xef\xbb\xbf"))
        g_string_erase(clean, 0, 3);
    g_auto(GStrv) lines = g_strsplit(clean->str, "\n", -1);
    g_autoptr(DraftForm) form = draftform_new();
    guint i = 0;
    for (; lines[i] && !is_blank(lines[i]); i++) {
        guint number = i + 1;
        if (*lines[i] == '#')
            continue;
        g_autofree char *line = unfold(lines, &i);
        if (!check_controls(line, number, error) || !add_field(form, line, number, error))
            return NULL;
    }
    form->body = g_strdup(behind(clean->str, i + 1));
    return g_steal_pointer(&form);
}
