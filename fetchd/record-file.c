/* See record.h: the copy of a letter that goes to a mailbox. */
#include "core/cursor.h"
#include "core/error.h"
#include "core/limits.h"
#include "fetchd/record.h"

void record_put_file(GByteArray *out, const Filed *filed)
{
    put_u64(out, filed->size);
    put_u64(out, (guint64)filed->date);
    put_string(out, filed->mailbox);
    put_string(out, filed->message_id);
}

gboolean record_get_file(const Frame *frame, FileRecord *file, GError **error)
{
    Cursor cursor = cursor_over(frame->payload, frame->size);
    file->size = cursor_u64(&cursor);
    file->date = (gint64)cursor_u64(&cursor);
    file->mailbox = cursor_string(&cursor, LIMIT_MAILBOX_NAME);
    file->message_id = cursor_string(&cursor, LIMIT_LINE);
    return (cursor_whole(&cursor) && file->size > 0 && file->size <= LIMIT_MESSAGE_BYTES) ||
           refuse(error, POSTERN_ERROR_BUG, "net.record", NULL, "malformed file record");
}

void file_record_clear(FileRecord *file)
{
    g_clear_pointer(&file->mailbox, g_free);
    g_clear_pointer(&file->message_id, g_free);
}
