/* See child.h. */
#include "fetchd/child.h"

#include "core/error.h"
#include "core/limits.h"
#include "fetchd/lettersource.h"
#include "fetchd/record.h"
#include "fetchd/wire.h"
#include "net/submission.h"
#include "net/tlsport.h"

typedef struct {
    Wire *wire;
    Session session;
    GByteArray *record; /* the payload being made */
    GByteArray *ca;     /* the CA set being received */
    Fetcher *fetcher;
    Submission *submission;
    gboolean begun; /* the socket is in use: one login, or one probe */
} Child;

static gboolean put(Child *child, WireType type, GError **error)
{
    gboolean ok = wire_put(child->wire, type, child->record->data, child->record->len, error);
    g_byte_array_set_size(child->record, 0);
    return ok;
}

static gboolean out_of_order(GError **error)
{
    return refuse(error, POSTERN_ERROR_BUG, "net.record", NULL, "commands out of order");
}

/* --- what a fetcher hands over goes to the keeper as it comes ------------------------------ */

static gboolean take_mailbox(gpointer user, const MailboxName *name, GError **error)
{
    Child *child = user;
    if (name)
        record_put_mailbox(child->record, name);
    return put(child, name ? WIRE_MAILBOX : WIRE_PARTIAL, error);
}

static gboolean take_listed(gpointer user, const Listed *listed, GError **error)
{
    Child *child = user;
    record_put_listed(child->record, listed->number, listed->uidl);
    return put(child, WIRE_LISTED, error);
}

static gboolean take_sized(gpointer user, const Sized *sized, GError **error)
{
    Child *child = user;
    record_put_sized(child->record, sized);
    return put(child, WIRE_SIZED, error);
}

static gboolean take_start(gpointer user, GError **error)
{
    return put(user, WIRE_START, error);
}

static gboolean take_data(gpointer user, const guint8 *bytes, gsize size, GError **error)
{
    Child *child = user;
    for (gsize at = 0; at < size; at += LIMIT_FRAME / 2)
        if (!wire_put(child->wire, WIRE_DATA, bytes + at, MIN(size - at, LIMIT_FRAME / 2), error))
            return FALSE;
    return TRUE;
}

static gboolean take_end(gpointer user, const Fetched *fetched, GError **error)
{
    Child *child = user;
    record_put_fetched(child->record, fetched);
    return put(child, WIRE_FETCHED, error);
}

static gboolean take_flags(gpointer user, guint32 uid, GStrv flags, GError **error)
{
    Child *child = user;
    record_put_changed(child->record, uid, flags);
    return put(child, WIRE_CHANGED, error);
}

static gboolean take_gone(gpointer user, guint32 first, guint32 last, GError **error)
{
    Child *child = user;
    record_put_gone(child->record, first, last);
    return put(child, WIRE_GONE, error);
}

/* --- one function a command ---------------------------------------------------------------- */

/* A line that does not get through is no reason to stop. */
static void send_trace(gpointer user, const char *text)
{
    Child *child = user;
    g_autoptr(GByteArray) record = g_byte_array_new();
    record_put_trace(record, text);
    (void)!wire_put(child->wire, WIRE_TRACE, record->data, record->len, NULL);
}

/* The keeper has it made by postern-gss; when that fails, the keeper ends us. */
static Secret *relay(gpointer user, const guint8 *token, gsize size, GError **error)
{
    Child *child = user;
    Frame frame;
    if (!wire_put(child->wire, WIRE_CHALLENGE, token, size, error) ||
        !wire_flush(child->wire, error) || !wire_get(child->wire, -1, -1, &frame, error))
        return NULL;
    if (frame.type != WIRE_ANSWER || frame.size > LIMIT_TICKET_TOKEN) {
        out_of_order(error);
        return NULL;
    }
    Secret *answer = secret_new(frame.payload, frame.size);
    wire_forget(child->wire);
    return answer;
}

static gboolean do_session(Child *child, const Frame *frame, int socket_fd, GError **error)
{
    (void)socket_fd;
    if (child->session.ca_sets)
        return out_of_order(error);
    if (!record_get_session(frame, &child->session, error))
        return FALSE;
    child->session.relay = relay;
    child->session.relay_user = child;
    if (child->session.traced)
        child->session.trace = trace_new(send_trace, child);
    return TRUE;
}

static gboolean do_ca(Child *child, const Frame *frame, int socket_fd, GError **error)
{
    (void)socket_fd;
    if (child->session.ca_sets == NULL || child->ca->len + frame->size > LIMIT_CA_BUNDLE ||
        child->session.ca_sets->len >= RECORD_CA_SETS)
        return refuse(error, POSTERN_ERROR_POLICY, "config.ca_file", "name a smaller ca_file",
                      "the CA certificates are larger than %d bytes", LIMIT_CA_BUNDLE);
    if (frame->size > 0) {
        g_byte_array_append(child->ca, frame->payload, (guint)frame->size);
        return TRUE;
    }
    g_ptr_array_add(child->session.ca_sets, g_byte_array_free_to_bytes(child->ca));
    child->ca = g_byte_array_new();
    return TRUE;
}

static gboolean log_in(Child *child, int socket_fd, GError **error)
{
    switch (child->session.scheme) {
    case SCHEME_IMAPS:
        child->fetcher = imap_open(socket_fd, &child->session, error);
        return child->fetcher != NULL;
    case SCHEME_POPS:
        child->fetcher = pop3_open(socket_fd, &child->session, error);
        return child->fetcher != NULL;
    default:
        child->submission = submission_open(socket_fd, &child->session, error);
        return child->submission != NULL;
    }
}

static gboolean do_secret(Child *child, const Frame *frame, int socket_fd, GError **error)
{
    if (child->session.ca_sets == NULL || child->begun || frame->size > LIMIT_SECRET)
        return out_of_order(error);
    child->begun = TRUE;
    child->session.secret = secret_new(frame->payload, frame->size);
    wire_forget(child->wire);
    gboolean in = log_in(child, socket_fd, error);
    /* It is not needed again, and need not be here while the server's mail is read. */
    g_clear_pointer(&child->session.secret, secret_free);
    return in;
}

static gboolean put_selected(Child *child, const Selected *selected, GError **error)
{
    record_put_selected(child->record, selected);
    return put(child, WIRE_SELECTED, error);
}

static Known known_of(const SelectRecord *record)
{
    if (!record->known)
        return (Known){0};
    return (Known){record->uidvalidity, record->modseq,
                   (const NumberRange *)(void *)record->ranges->data, record->ranges->len};
}

static gboolean do_mailboxes_alone(Child *child, GError **error)
{
    return child->fetcher->mailboxes(child->fetcher, NULL, take_mailbox, child, error);
}

static gboolean do_mailboxes(Child *child, const Frame *frame, GError **error)
{
    const ChangeTaker taker = {take_flags, take_gone, child};
    g_auto(SelectRecord) record = {0};
    if (frame->size == 0)
        return do_mailboxes_alone(child, error);
    if (!record_get_select(frame, &record, error))
        return FALSE;
    const Known known = known_of(&record);
    Opening first = {record.name, record.known ? &known : NULL, &taker, FALSE, {0}};
    return child->fetcher->mailboxes(child->fetcher, &first, take_mailbox, child, error) &&
           (!first.opened || put_selected(child, &first.selected, error));
}

static gboolean do_select(Child *child, const Frame *frame, GError **error)
{
    const ChangeTaker taker = {take_flags, take_gone, child};
    g_auto(SelectRecord) record = {0};
    Selected selected = {0};
    if (!record_get_select(frame, &record, error))
        return FALSE;
    const Known known = known_of(&record);
    return child->fetcher->select(child->fetcher, record.name, record.known ? &known : NULL, &taker,
                                  &selected, error) &&
           put_selected(child, &selected, error);
}

static gboolean do_changes(Child *child, const Frame *frame, GError **error)
{
    const ChangeTaker taker = {take_flags, take_gone, child};
    guint64 since;
    if (child->fetcher->changes == NULL)
        return out_of_order(error);
    g_autoptr(GArray) ranges = record_get_changes(frame, &since, error);
    return ranges &&
           child->fetcher->changes(child->fetcher, (const NumberRange *)(void *)ranges->data,
                                   ranges->len, since, &taker, error);
}

static gboolean do_list(Child *child, const Frame *frame, GError **error)
{
    g_autoptr(GArray) ranges = record_get_ranges(frame, error);
    return ranges && child->fetcher->list(child->fetcher, (const NumberRange *)(void *)ranges->data,
                                          ranges->len, take_listed, child, error);
}

static gboolean do_sizes(Child *child, const Frame *frame, GError **error)
{
    g_autoptr(GArray) ranges = record_get_ranges(frame, error);
    return ranges && child->fetcher->sizes(child->fetcher, (void *)ranges->data, ranges->len,
                                           take_sized, child, error);
}

static gboolean do_get(Child *child, const Frame *frame, GError **error)
{
    const MessageTaker taker = {take_start, take_data, take_end, child};
    Fetcher *from = child->fetcher;
    FetcherGet get = frame->type == WIRE_HEADERS ? from->headers : from->get;
    g_autoptr(GArray) ranges = record_get_ranges(frame, error);
    if (ranges && get == NULL)
        return out_of_order(error);
    return ranges && get(from, (void *)ranges->data, ranges->len, &taker, error);
}

static gboolean do_remove(Child *child, const Frame *frame, GError **error)
{
    g_autoptr(GArray) numbers = record_get_numbers(frame, error);
    return numbers && child->fetcher->remove(child->fetcher, (const guint32 *)(void *)numbers->data,
                                             numbers->len, error);
}

static void send_news(gpointer user)
{
    Child *child = user;
    (void)!(wire_put(child->wire, WIRE_NEWS, NULL, 0, NULL) && wire_flush(child->wire, NULL));
}

/* The keeper's next word, which can only be WAKE, ends it. */
static gboolean do_idle(Child *child, GError **error)
{
    if (child->fetcher->idle == NULL || wire_held(child->wire))
        return TRUE;
    return child->fetcher->idle(child->fetcher, wire_fd(child->wire), send_news, child, error);
}

/* A letter on its way to the server. Nothing is said of it before END was read, so that the keeper
 * need not listen while it writes. */
typedef struct {
    Child *child;
    GPtrArray *refused; /* GError *, or NULL, of each recipient */
} Going;

static void clear_refusal(gpointer reason)
{
    if (reason)
        g_error_free(reason);
}

static void note_refused(gpointer user, guint n, const GError *reason)
{
    g_ptr_array_index(((Going *)user)->refused, n) = g_error_copy(reason);
}

static gboolean tell_refused(const Going *going, GError **error)
{
    for (guint i = 0; i < going->refused->len; i++) {
        if (going->refused->pdata[i] == NULL)
            continue;
        record_put_refused(going->child->record, i, going->refused->pdata[i]);
        if (!put(going->child, WIRE_REFUSED, error))
            return FALSE;
    }
    g_ptr_array_set_size(going->refused, 0);
    return TRUE;
}

/* The keeper writes down that the letter may be sent, and then the dot goes. */
static gboolean ask_dot(gpointer user, GError **error)
{
    const Going *going = user;
    Frame frame;
    if (!tell_refused(going, error) || !wire_put(going->child->wire, WIRE_DOT, NULL, 0, error) ||
        !wire_flush(going->child->wire, error) ||
        !wire_get(going->child->wire, -1, -1, &frame, error))
        return FALSE;
    return frame.type == WIRE_GO || out_of_order(error);
}

static gboolean do_letter(Child *child, const Frame *frame, GError **error)
{
    LetterRecord letter = {0};
    LetterSource source = letter_source(child->wire);
    Going going = {child, g_ptr_array_new_with_free_func(clear_refusal)};
    const LetterTaker taker = {note_refused, ask_dot, &going};
    gboolean ok = record_get_letter(frame, &letter, error);
    if (ok) {
        g_ptr_array_set_size(going.refused, (gint)letter.recipients->len);
        const LetterEnvelope envelope = {letter.from, letter.recipients, letter.size, letter.needs,
                                         &letter.notice};
        ok = submission_send(child->submission, &envelope, &source.source, &taker, error);
    }
    letter_record_clear(&letter);
    ok = letter_source_drain(&source, ok ? error : NULL) && ok;
    gboolean told = tell_refused(&going, ok ? error : NULL);
    g_ptr_array_unref(going.refused);
    return told && ok;
}

static gboolean do_file(Child *child, const Frame *frame, GError **error)
{
    g_auto(FileRecord) record = {0};
    LetterSource source = letter_source(child->wire);
    if (child->fetcher->file == NULL)
        return out_of_order(error);
    gboolean ok = record_get_file(frame, &record, error);
    const Filed filed = {record.mailbox, record.message_id, record.date, record.size,
                         &source.source};
    ok = ok && child->fetcher->file(child->fetcher, &filed, error);
    return letter_source_drain(&source, ok ? error : NULL) && ok;
}

static gboolean do_report(Child *child, GError **error)
{
    ServerReport report;
    if (child->submission)
        submission_report(child->submission, &report);
    else
        child->fetcher->report(child->fetcher, &report);
    record_put_report(child->record, &report);
    return put(child, WIRE_REPORTED, error);
}

/* Nobody has logged in, and nobody can on this connection any more. */
static gboolean do_probe(Child *child, const Frame *frame, int socket_fd, GError **error)
{
    ProbeKind kind;
    if (child->session.ca_sets == NULL || child->begun)
        return out_of_order(error);
    child->begun = TRUE;
    if (!record_get_probe(frame, &kind, error))
        return FALSE;
    return kind == PROBE_OLD_TLS ? tlsport_refuses_old(socket_fd, &child->session, error)
                                 : tlsport_refuses_clear(socket_fd, &child->session, error);
}

static gboolean do_quit(Child *child, GError **error)
{
    return child->submission ? submission_quit(child->submission, error)
                             : child->fetcher->quit(child->fetcher, error);
}

/* --- the loop ------------------------------------------------------------------------------ */

static gboolean obey(Child *child, const Frame *frame, int socket_fd, GError **error)
{
    switch (frame->type) {
    case WIRE_SESSION: return do_session(child, frame, socket_fd, error);
    case WIRE_CA: return do_ca(child, frame, socket_fd, error);
    case WIRE_SECRET: return do_secret(child, frame, socket_fd, error);
    case WIRE_PROBE: return do_probe(child, frame, socket_fd, error);
    case WIRE_REPORT:
        if (child->fetcher || child->submission)
            return do_report(child, error);
        break;
    case WIRE_QUIT:
        if (child->fetcher || child->submission)
            return do_quit(child, error);
        break;
    case WIRE_LETTER:
        if (child->submission)
            return do_letter(child, frame, error);
        break;
    default: break;
    }
    if (child->fetcher == NULL)
        return out_of_order(error);
    switch (frame->type) {
    case WIRE_MAILBOXES: return do_mailboxes(child, frame, error);
    case WIRE_SELECT: return do_select(child, frame, error);
    case WIRE_LIST: return do_list(child, frame, error);
    case WIRE_CHANGES: return do_changes(child, frame, error);
    case WIRE_SIZES: return do_sizes(child, frame, error);
    case WIRE_GET:
    case WIRE_HEADERS: return do_get(child, frame, error);
    case WIRE_REMOVE: return do_remove(child, frame, error);
    case WIRE_FILE: return do_file(child, frame, error);
    case WIRE_IDLE: return do_idle(child, error);
    case WIRE_WAKE: return TRUE;
    default: return refuse(error, POSTERN_ERROR_BUG, "net.record", NULL, "unknown command");
    }
}

static gboolean answer(Child *child, gboolean ok, const GError *failure)
{
    g_byte_array_set_size(child->record, 0);
    g_autofree char *alert =
        child->fetcher && child->fetcher->alert ? child->fetcher->alert(child->fetcher) : NULL;
    if (alert) {
        record_put_alert(child->record, alert);
        if (!put(child, WIRE_ALERT, NULL))
            return FALSE;
    }
    if (!ok)
        record_put_fail(child->record, failure);
    return put(child, ok ? WIRE_DONE : WIRE_FAIL, NULL) && wire_flush(child->wire, NULL);
}

static gboolean step(Child *child, int socket_fd)
{
    Frame frame;
    if (!wire_get(child->wire, -1, -1, &frame, NULL))
        return FALSE;
    WireType type = frame.type;
    g_autoptr(GError) failure = NULL;
    gboolean ok = obey(child, &frame, socket_fd, &failure);
    /* Session and CA text are a preamble: only their failure is answered. */
    if (ok && (type == WIRE_SESSION || type == WIRE_CA || type == WIRE_WAKE))
        return TRUE;
    return answer(child, ok, failure) && type != WIRE_QUIT;
}

void child_serve(int wire_fd, int socket_fd)
{
    Child child = {
        .wire = wire_new(wire_fd),
        .record = g_byte_array_new(),
        .ca = g_byte_array_new(),
    };
    while (step(&child, socket_fd))
        ;
    fetcher_free(child.fetcher);
    submission_free(child.submission);
    session_clear(&child.session);
    g_byte_array_unref(child.record);
    g_byte_array_unref(child.ca);
    wire_free(child.wire);
}
