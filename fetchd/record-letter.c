/* See record.h: the envelope of a letter. */
#include "core/cursor.h"
#include "core/error.h"
#include "core/limits.h"
#include "fetchd/record.h"

void record_put_letter(GByteArray *out, const LetterEnvelope *letter)
{
    put_u64(out, letter->size);
    put_u8(out, (guint8)letter->needs);
    put_u8(out, letter->notice ? (guint8)letter->notice->when : 0);
    put_string(out, letter->notice ? letter->notice->id : "");
    put_string(out, letter->from);
    put_u16(out, (guint16)letter->recipients->len);
    for (guint i = 0; i < letter->recipients->len; i++)
        put_string(out, letter->recipients->pdata[i]);
}

static gboolean get_notice(Cursor *cursor, Notice *notice)
{
    notice->when = cursor_u8(cursor);
    g_autofree char *id = cursor_string(cursor, NOTICE_ID);
    return id && notice_sound(notice->when) && (notice_name(notice, id) || *id == '\0');
}

gboolean record_get_letter(const Frame *frame, LetterRecord *letter, GError **error)
{
    Cursor cursor = cursor_over(frame->payload, frame->size);
    letter->size = cursor_u64(&cursor);
    letter->needs = cursor_u8(&cursor);
    gboolean sound = get_notice(&cursor, &letter->notice);
    letter->from = cursor_string(&cursor, LIMIT_ADDRESS);
    guint n = cursor_u16(&cursor);
    letter->recipients = g_ptr_array_new_with_free_func(g_free);
    for (guint i = 0; i < n && n <= LIMIT_RECIPIENTS && !cursor.failed; i++)
        g_ptr_array_add(letter->recipients, cursor_string(&cursor, LIMIT_ADDRESS));
    return (sound && n > 0 && n <= LIMIT_RECIPIENTS &&
            (letter->needs & ~(guint)LETTER_NEEDS) == 0 && cursor_whole(&cursor)) ||
           refuse(error, POSTERN_ERROR_BUG, "net.record", NULL, "malformed letter record");
}

void letter_record_clear(LetterRecord *letter)
{
    g_clear_pointer(&letter->from, g_free);
    g_clear_pointer(&letter->recipients, g_ptr_array_unref);
}
