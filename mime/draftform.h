/*
 * draftform — a letter as the text that is edited: fields, an empty line, the body. Lines of the
 * head that begin with "#" are remarks. Pure; whether an address is one is the caller's business.
 */
#pragma once

#include <glib.h>

typedef enum {
    DRAFT_FROM,
    DRAFT_TO,
    DRAFT_CC,
    DRAFT_BCC,
    DRAFT_SUBJECT,
    DRAFT_ATTACH,   /* the path of a file */
    DRAFT_ENCLOSED, /* "N NAME": what lies in the draft already, from 1 */
    N_DRAFT_FIELDS
} DraftField;

typedef struct {
    DraftField field;
    char *value; /* without blanks around; a folded field is one line */
    guint line;  /* where it begins, from 1; 0: nowhere yet */
} DraftLine;

typedef struct {
    GPtrArray *lines; /* DraftLine *, in the order of the text; none has an empty value */
    char *body;
} DraftForm;

DraftForm *draftform_new(void);
void draftform_free(DraftForm *form);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(DraftForm, draftform_free)

/* Both are copied; an empty VALUE adds nothing. */
void draftform_add(DraftForm *form, DraftField field, const char *value, guint line);

/* The first line of FIELD; NULL for none. */
const DraftLine *draftform_find(const DraftForm *form, DraftField field);

/* How the field is called, "To". */
const char *draftform_name(DraftField field);

/* The text, with every field that somebody may want to fill, and REMARKS (lines of a "#" each, or
 * "") above it (g_free). */
char *draftform_write(const DraftForm *form, const char *remarks);

/* 65 "draft.line", with the number of the line: what is no field or an unknown one, a second From
 * or Subject, bytes that no letter may have. */
DraftForm *draftform_parse(const char *text, gsize size, GError **error) G_GNUC_WARN_UNUSED_RESULT;
