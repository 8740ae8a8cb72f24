/* What comes out of an editor: whatever it is, it is read as fields of one line each and a body, or
 * refused by the number of a line; and what was read and is written is read again as the same. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "mime/draftform.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* g_error() ends in a trap, of which libFuzzer keeps no sample. */
#define broken(...) (fprintf(stderr, __VA_ARGS__), abort())

#define REMARKS "# A remark: it is no field.\n"

static guint count_lines(const uint8_t *data, size_t size)
{
    guint lines = 1;
    for (size_t i = 0; i < size; i++)
        lines += data[i] == '\n';
    return lines;
}

static gboolean has_control(const char *text)
{
    for (; *text; text++)
        if (((guchar)*text < ' ' && *text != '\t') || *text == 127)
            return TRUE;
    return FALSE;
}

static void check_refusal(const GError *error, guint lines)
{
    guint line;
    if (error == NULL || g_strcmp0(postern_error_rule(error), "draft.line") != 0)
        broken("it is not read, and nobody says why");
    if (sscanf(error->message, "line %u ", &line) != 1 || line < 1 || line > lines)
        broken("there is no such line: %s", error->message);
    if (!g_utf8_validate(error->message, -1, NULL) || has_control(error->message))
        broken("what was refused is told as it was written");
}

static void check_form(const DraftForm *form, guint lines)
{
    guint last = 0, counts[N_DRAFT_FIELDS] = {0};
    for (guint i = 0; i < form->lines->len; i++) {
        const DraftLine *line = form->lines->pdata[i];
        g_autofree char *bare = g_strstrip(g_strdup(line->value));
        if (*bare == '\0' || strcmp(bare, line->value) != 0 || has_control(line->value) ||
            !g_utf8_validate(line->value, -1, NULL))
            broken("a field holds what none may");
        if (line->line <= last || line->line > lines)
            broken("a field stands in no line of its own");
        last = line->line;
        counts[line->field]++;
    }
    if (counts[DRAFT_FROM] > 1 || counts[DRAFT_SUBJECT] > 1)
        broken("a field stands twice that may stand once");
    if (form->body == NULL || !g_utf8_validate(form->body, -1, NULL))
        broken("there is no body");
}

/* The fields are sorted when they are written. */
static void check_same(const DraftForm *form, const DraftForm *again)
{
    guint at = 0;
    for (DraftField field = 0; field < N_DRAFT_FIELDS; field++)
        for (guint i = 0; i < form->lines->len; i++) {
            const DraftLine *line = form->lines->pdata[i];
            if (line->field != field)
                continue;
            const DraftLine *other = at < again->lines->len ? again->lines->pdata[at++] : NULL;
            if (other == NULL || other->field != field || strcmp(other->value, line->value) != 0)
                broken("a field is another one once it was written");
        }
    if (at != again->lines->len || strcmp(form->body, again->body) != 0)
        broken("it grew, or its body is another one, once it was written");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    guint lines = count_lines(data, size);
    g_autoptr(GError) error = NULL;
    g_autoptr(DraftForm) form = draftform_parse(size ? (const char *)data : "", size, &error);
    if (form == NULL) {
        check_refusal(error, lines);
        return 0;
    }
    check_form(form, lines);
    g_autofree char *written = draftform_write(form, REMARKS);
    g_autoptr(DraftForm) again = draftform_parse(written, strlen(written), &error);
    if (again == NULL)
        broken("what was read and written is refused: %s", error->message);
    check_same(form, again);
    return 0;
}
