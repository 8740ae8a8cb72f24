/* Frames and records as a net child taken over might send them. */
#include <stdint.h>

#include "core/limits.h"
#include "fetchd/record.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_record(const Frame *frame)
{
    Session session = {0};
    MailboxName name = {0};
    Selected selected;
    Fetched fetched = {0};
    Sized sized;
    LetterRecord letter = {0};
    g_auto(FileRecord) file = {0};
    SelectRecord select = {0};
    NumberRange gone;
    g_auto(GStrv) flags = NULL;
    guint64 since;
    guint32 number;
    ServerReport report;
    ProbeKind kind;
    g_autofree char *string = NULL;
    g_autoptr(GArray) array = NULL;
    g_autoptr(GError) error = NULL, reason = NULL;

    switch (frame->type) {
    case WIRE_SESSION: record_get_session(frame, &session, &error); break;
    case WIRE_SELECT: record_get_select(frame, &select, &error); break;
    case WIRE_CHANGES: array = record_get_changes(frame, &since, &error); break;
    case WIRE_CHANGED: record_get_changed(frame, &number, &flags, &error); break;
    case WIRE_GONE: record_get_gone(frame, &gone, &error); break;
    case WIRE_SIZED: record_get_sized(frame, &sized, &error); break;
    case WIRE_LIST:
    case WIRE_HEADERS:
    case WIRE_SIZES:
    case WIRE_GET: array = record_get_ranges(frame, &error); break;
    case WIRE_REMOVE: array = record_get_numbers(frame, &error); break;
    case WIRE_LETTER: record_get_letter(frame, &letter, &error); break;
    case WIRE_FILE: record_get_file(frame, &file, &error); break;
    case WIRE_MAILBOX: record_get_mailbox(frame, &name, &error); break;
    case WIRE_SELECTED: record_get_selected(frame, &selected, &error); break;
    case WIRE_LISTED: record_get_listed(frame, &number, &string, &error); break;
    case WIRE_FETCHED: record_get_fetched(frame, &fetched, &error); break;
    case WIRE_REPORTED: record_get_report(frame, &report, &error); break;
    case WIRE_ALERT: string = record_get_alert(frame, &error); break;
    case WIRE_TRACE: string = record_get_trace(frame, &error); break;
    case WIRE_PROBE: record_get_probe(frame, &kind, &error); break;
    case WIRE_FAIL: record_get_fail(frame, &error); break;
    case WIRE_REFUSED: (void)!record_get_refused(frame, &number, &reason, &error); break;
    default: break;
    }
    session_clear(&session);
    letter_record_clear(&letter);
    select_record_clear(&select);
    g_free(name.name);
    g_free(name.display);
    g_strfreev(fetched.flags);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    for (;;) {
        Frame frame;
        gssize length = wire_parse(data, size, &frame, NULL);
        if (length <= 0)
            return 0;
        read_record(&frame);
        data += length;
        size -= (gsize)length;
    }
}
