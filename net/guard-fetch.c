/*
 * See guard-state.h: FETCH, item by item, and SEARCH. Only what imap-get.c asks for may come;
 * so libetpan's recursive readers of BODYSTRUCTURE and ENVELOPE are out of a server's reach, and
 * a part of a message (BODY[]<0>) cannot pass for the whole.
 */
#include "net/guard-state.h"

#include <string.h>

#include "core/limits.h"

static const struct {
    const char *name;
    Item item;
    guint expects; /* where it is asked for; 0: anywhere */
} items[] = {
    {"UID", ITEM_UID, 0},           {"RFC822.SIZE", ITEM_NUMBER, 0},
    {"INTERNALDATE", ITEM_DATE, 0}, {"FLAGS", ITEM_FLAGS, 0},
    {"MODSEQ", ITEM_MODSEQ, 0},     {"BODY[HEADER]", ITEM_BODY, SCAN_HEADERS},
    {"BODY[]", ITEM_BODY, 0},
};

static Item item_named(const GuardScan *scan)
{
    for (gsize i = 0; i < G_N_ELEMENTS(items); i++)
        if (scan_word_is(scan, items[i].name))
            return items[i].expects == 0 || (scan->expects & items[i].expects) ? items[i].item
                                                                               : ITEM_NONE;
    return ITEM_NONE;
}

static gboolean pass(GuardScan *scan, guint8 byte)
{
    scan->before = byte;
    scan_emit(scan, &byte, 1);
    return TRUE;
}

static gboolean wrong_form(const GuardScan *scan, GError **error)
{
    return scan_broken(scan, error, "a FETCH item has a value of the wrong form");
}

static gboolean closed(GuardScan *scan, guint8 byte, GError **error)
{
    if (byte != '\r')
        return scan_broken(scan, error, "something follows a FETCH");
    return (!scan_taken(scan) || scan_take_fetch(scan, error)) && scan_line_ends(scan, error);
}

static gboolean close_fetch(GuardScan *scan)
{
    scan->step = closed;
    return pass(scan, ')');
}

static gboolean in_name(GuardScan *scan, guint8 byte, GError **error);
static gboolean in_value(GuardScan *scan, guint8 byte, GError **error);

/* The list of FLAGS or MODSEQ; nothing nests in there. */
static gboolean in_list(GuardScan *scan, guint8 byte, GError **error)
{
    gboolean kept = scan->item == ITEM_FLAGS && scan_taken(scan);
    if (byte == ')') {
        scan->step = in_value;
        if (kept)
            scan_flag_byte(scan, byte);
        pass(scan, byte);
        scan->before = 0;
        return TRUE;
    }
    if (scan->item == ITEM_FLAGS && (byte < ' ' || strchr("(\"{", byte)))
        return wrong_form(scan, error);
    if (kept)
        scan_flag_byte(scan, byte);
    if (scan->item == ITEM_MODSEQ) {
        if (!g_ascii_isdigit((char)byte))
            return wrong_form(scan, error);
        if (!scan_number_add(scan, byte, "a number", G_MAXINT64, error))
            return FALSE;
    }
    return pass(scan, byte);
}

static gboolean begin_string(GuardScan *scan, guint8 byte, GError **error)
{
    guint texts = SCAN_BODIES | SCAN_HEADERS;
    if (scan->item == ITEM_BODY && (!(scan->expects & texts) || scan->bodies++ > 0))
        return scan_broken(scan, error, "a message body that was not asked for");
    scan->body = scan->item == ITEM_BODY;
    scan->keeping = scan->item == ITEM_DATE && (scan->expects & SCAN_SIZES);
    g_string_truncate(scan->kept, 0);
    return scan_open_string(scan, byte, in_value, error);
}

static gboolean begin_value(GuardScan *scan, guint8 byte, GError **error)
{
    gboolean text = scan->item == ITEM_DATE || scan->item == ITEM_BODY;
    gboolean list = scan->item == ITEM_FLAGS || scan->item == ITEM_MODSEQ;
    scan->valued = TRUE;
    if ((byte == '"' && text) || (byte == '{' && scan->item == ITEM_BODY))
        return begin_string(scan, byte, error);
    if (byte == '(' && list) {
        scan->step = in_list;
        return pass(scan, byte);
    }
    return in_value(scan, byte, error);
}

static gboolean in_value(GuardScan *scan, guint8 byte, GError **error)
{
    if (!scan->valued)
        return byte == ' ' ? pass(scan, byte) : begin_value(scan, byte, error);
    if (byte == ')')
        return close_fetch(scan);
    if (byte == ' ') {
        scan->step = in_name;
        scan_word_clear(scan);
        return pass(scan, byte);
    }
    gboolean number = scan->item == ITEM_NUMBER || scan->item == ITEM_UID;
    if (scan->item == ITEM_NUMBER && (scan->expects & SCAN_SIZES) && g_ascii_isdigit((char)byte))
        return scan_size_digit(scan, byte, error) && pass(scan, byte);
    if (number && g_ascii_isdigit((char)byte)) {
        if (!scan_number_add(scan, byte, "a number", G_MAXUINT32, error))
            return FALSE;
        if (scan->item == ITEM_UID)
            scan->uid = (guint32)scan->number;
        return pass(scan, byte);
    }
    gboolean nil = scan->item == ITEM_BODY && strchr("NIL", g_ascii_toupper((char)byte));
    return nil && scan->before != 0 ? pass(scan, byte) : wrong_form(scan, error);
}

/* Which of two UIDs would it be? */
static gboolean begin_item(GuardScan *scan, GError **error)
{
    scan->item = item_named(scan);
    scan->step = in_value;
    scan->valued = FALSE;
    scan_number_clear(scan);
    if (scan->item == ITEM_NONE)
        return scan_broken(scan, error, "a FETCH item that was not asked for");
    guint bit = 1u << scan->item;
    if ((scan->item == ITEM_UID || scan->item == ITEM_FLAGS) && (scan->items & bit))
        return scan_broken(scan, error, "a FETCH item comes twice");
    scan->items |= bit;
    return TRUE;
}

static gboolean in_name(GuardScan *scan, guint8 byte, GError **error)
{
    if (byte == ')' && scan->word_size == 0)
        return close_fetch(scan);
    if (byte == ' ' && scan->word_size > 0) {
        if (!begin_item(scan, error))
            return FALSE;
    } else if (byte != ' ' && (!g_ascii_isgraph((char)byte) || !scan_word_add(scan, byte))) {
        return scan_broken(scan, error, "a FETCH item that was not asked for");
    }
    return pass(scan, byte);
}

gboolean scan_fetch(GuardScan *scan, guint8 byte, GError **error)
{
    if (byte != '(')
        return scan_broken(scan, error, "no list after FETCH");
    scan_word_clear(scan);
    scan->step = in_name;
    return pass(scan, byte);
}

gboolean scan_search(GuardScan *scan, guint8 byte, GError **error)
{
    if (g_ascii_isdigit((char)byte))
        return scan_number_add(scan, byte, "a number", G_MAXUINT32, error);
    if (byte != ' ' && byte != '\r')
        return scan_broken(scan, error, "SEARCH names something that is no number");
    if (scan->digits > 0 && (scan->expects & SCAN_SEARCH)) {
        guint32 number = (guint32)scan->number;
        if (scan->found->len == LIMIT_SERVER_MESSAGES)
            return scan_too_much(error, "messages found", LIMIT_SERVER_MESSAGES);
        g_array_append_val(scan->found, number);
    }
    scan_number_clear(scan);
    return byte == ' ' || scan_line_ends(scan, error);
}
