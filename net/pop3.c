/*
 * See fetcher.h. POP3 over our own lines (RFC 1939, 2449): STAT and UIDL, LIST, RETR, DELE,
 * QUIT.
 */
#include "net/pop3.h"

#include <string.h>

#include "core/error.h"
#include "core/limits.h"
#include "net/pop3reply.h"
#include "net/roll.h"
#include "net/words.h"

/* Commands under way at once: some 6,000 bytes, which every socket takes, so that a server that
 * is busy sending never keeps us from sending, and neither waits for the other. */
#define WINDOW 512

/* A body must bring this much in the time of one command. */
#define PROGRESS_BYTES (64 * 1024)
#define PROGRESS_LINES 4096

/* ---- replies ---- */

gboolean pop3_nonsense(Pop3 *self, const char *line, gsize size, GError **error)
{
    g_autofree char *words = server_words(line, size);
    self->broken = TRUE;
    return refuse(error, POSTERN_ERROR_PROTOCOL, "server.protocol",
                  "tell the people who run the server; Postern has closed the connection",
                  "%s said something that is not POP3: \"%s\"", self->host, words);
}

/* Reads one status line. FALSE when it is none or cannot be read. */
gboolean pop3_read(Pop3 *self, Pop3Status *status, const char **text, GError **error)
{
    gsize size;
    const char *line = line_read(self->reader, &size, error);
    self->broken = self->broken || line == NULL;
    if (line == NULL)
        return FALSE;
    *status = pop3_status(line, size, text);
    return *status == POP3_NONSENSE ? pop3_nonsense(self, line, size, error) : TRUE;
}

static gboolean busy(const Pop3 *self, const char *what, Pop3Reason reason, const char *words,
                     GError **error)
{
    if (reason == POP3_REASON_DELAY)
        return refuse(error, POSTERN_ERROR_TEMPORARY, "login.delay",
                      "try again later, and look less often: interval = 15m",
                      "%s wants more time before %s: \"%s\"", self->host, what, words);
    return refuse(error, POSTERN_ERROR_TEMPORARY, "server.busy",
                  reason == POP3_REASON_IN_USE
                      ? "close what else has the mailbox open, or try again later"
                      : "try again later",
                  "%s is busy (%s): \"%s\"", self->host, what, words);
}

/* The server said no to WHAT. */
gboolean pop3_refused(Pop3 *self, const char *what, const char *text, GError **error)
{
    g_autofree char *words = server_words(text, strlen(text));
    if (pop3_transient(text))
        return busy(self, what, pop3_reason(text), words, error);
    return refuse(error, POSTERN_ERROR_PROTOCOL, "server.refused",
                  "ask the people who run the server", "%s refused %s: \"%s\"", self->host, what,
                  words);
}

/* Reads a status that must be +OK; *text is valid until the next line is read. */
static gboolean expect_ok(Pop3 *self, const char *what, const char **text, GError **error)
{
    Pop3Status status;
    if (!pop3_read(self, &status, text, error))
        return FALSE;
    if (status == POP3_CHALLENGE)
        return pop3_nonsense(self, "+", 1, error);
    return status == POP3_OK ? TRUE : pop3_refused(self, what, *text, error);
}

/* The next line of a multi-line answer; *line is NULL at its end. */
gboolean pop3_next_line(Pop3 *self, const char **line, gsize *size, GError **error)
{
    *line = line_read(self->reader, size, error);
    if (*line == NULL) {
        self->broken = TRUE;
        return FALSE;
    }
    if ((*line)[0] != '.')
        return TRUE;
    if (*size == 1)
        *line = NULL;
    else {
        (*line)++;
        (*size)--;
    }
    return TRUE;
}

static gboolean usable(Pop3 *self, GError **error)
{
    channel_deadline(self->channel, LIMIT_COMMAND_MS);
    if (self->broken)
        return refuse(error, POSTERN_ERROR_UNREACHABLE, "server.closed", "connect again",
                      "the connection with %s is no longer usable", self->host);
    return TRUE;
}

/* ---- TRANSACTION ---- */

static gboolean pop3_mailboxes(Fetcher *fetcher, Opening *first, MailboxTaker taker, gpointer user,
                               GError **error)
{
    (void)first;
    (void)fetcher;
    const MailboxName inbox = {(char *)"INBOX", (char *)"INBOX", TRUE, 0};
    return taker(user, &inbox, error);
}

/* Hands each line of UIDL's answer to TAKER, which may be NULL. */
static gboolean read_roll(Pop3 *self, Roll *roll, ListedTaker taker, gpointer user, GError **error)
{
    const char *line, *uidl;
    guint32 number;
    gsize size;
    for (;;) {
        if (!pop3_next_line(self, &line, &size, error))
            return FALSE;
        if (line == NULL)
            return TRUE;
        if (!pop3_uidl(line, size, self->exists, &number, &uidl) || roll_has(roll, number))
            return pop3_nonsense(self, line, size, error);
        roll_add(roll, number, uidl);
        if (number % PROGRESS_LINES == 0)
            channel_deadline(self->channel, LIMIT_COMMAND_MS);
        if (taker && !taker(user, &(Listed){number, uidl}, error)) {
            self->broken = TRUE;
            return FALSE;
        }
    }
}

/* Reads the answer to UIDL. Messages without an id are listed all the same. */
static gboolean read_uidl(Pop3 *self, ListedTaker taker, gpointer user, GError **error)
{
    Pop3Status status;
    const char *text;
    g_autoptr(Roll) roll = roll_new(self->exists);
    self->uidl_asked = FALSE;
    if (!pop3_read(self, &status, &text, error))
        return FALSE;
    if (status == POP3_CHALLENGE)
        return pop3_nonsense(self, "+", 1, error);
    if (status == POP3_ERR && pop3_transient(text))
        return pop3_refused(self, "UIDL", text, error);
    if (status == POP3_OK && !read_roll(self, roll, taker, user, error))
        return FALSE;
    for (guint32 number = 1; taker && number <= self->exists; number++)
        if (!roll_has(roll, number) && !taker(user, &(Listed){number, NULL}, error))
            return FALSE;
    /* Two messages under one id: taking one for the other would lose it (P6). */
    if (!roll_unique(roll))
        return refuse(error, POSTERN_ERROR_PROTOCOL, "server.uidl",
                      "ask the company: its server must give each message an id of its own",
                      "%s gives two messages the same UIDL", self->host);
    return TRUE;
}

/* An answer that nobody fetched must not stand before the next command's. */
static gboolean settle(Pop3 *self, GError **error)
{
    return usable(self, error) && (!self->uidl_asked || read_uidl(self, NULL, NULL, error));
}

static gboolean pop3_select(Fetcher *fetcher, const char *name, const Known *known,
                            const ChangeTaker *changes, Selected *selected, GError **error)
{
    (void)known;
    (void)changes;
    Pop3 *self = (Pop3 *)fetcher;
    const char *text;
    if (strcmp(name, "INBOX") != 0)
        return refuse(error, POSTERN_ERROR_BUG, "server.mailbox", NULL,
                      "POP3 has no mailbox but INBOX");
    if (!settle(self, error))
        return FALSE;
    gboolean both = self->capabilities->pipelining && self->capabilities->uidl;
    const char *commands = both ? "STAT\r\nUIDL\r\n" : "STAT\r\n";
    trace_client(channel_trace(self->channel), commands, strlen(commands));
    if (!channel_write(self->channel, (const guint8 *)commands, strlen(commands), error))
        return FALSE;
    self->uidl_asked = both;
    if (!expect_ok(self, "STAT", &text, error))
        return FALSE;
    if (!pop3_stat(text, &self->exists))
        return pop3_nonsense(self, text, strlen(text), error);
    *selected = (Selected){.exists = self->exists};
    return TRUE;
}

static gboolean pop3_list(Fetcher *fetcher, const NumberRange *ranges, gsize n, ListedTaker taker,
                          gpointer user, GError **error)
{
    (void)ranges;
    (void)n;
    Pop3 *self = (Pop3 *)fetcher;
    if (!usable(self, error))
        return FALSE;
    if (!self->uidl_asked && !line_write(self->channel, error, "UIDL"))
        return FALSE;
    return read_uidl(self, taker, user, error);
}

static gboolean pop3_sizes(Fetcher *fetcher, const NumberRange *ranges, gsize n, SizedTaker taker,
                           gpointer user, GError **error)
{
    (void)ranges;
    (void)n;
    Pop3 *self = (Pop3 *)fetcher;
    const char *line;
    gsize size;
    if (!settle(self, error) || !line_write(self->channel, error, "LIST") ||
        !expect_ok(self, "LIST", &line, error))
        return FALSE;
    for (guint32 lines = 0;;) {
        Sized sized = {.internaldate = 0};
        if (!pop3_next_line(self, &line, &size, error))
            return FALSE;
        if (line == NULL)
            return TRUE;
        if (++lines > self->exists || !pop3_scan(line, self->exists, &sized.number, &sized.size))
            return pop3_nonsense(self, line, size, error);
        if (lines % PROGRESS_LINES == 0)
            channel_deadline(self->channel, LIMIT_COMMAND_MS);
        if (!taker(user, &sized, error)) {
            self->broken = TRUE;
            return FALSE;
        }
    }
}

/* ---- one command for each of many messages ---- */

/* Number after number through ranges. */
typedef struct {
    const NumberRange *ranges;
    gsize left;
    guint32 done; /* within the first range */
} Walk;

/* 0 when all have been walked. */
static guint32 walk_next(Walk *walk)
{
    if (walk->left == 0)
        return 0;
    guint32 number = walk->ranges->first + walk->done++;
    if (number == walk->ranges->last) {
        walk->ranges++;
        walk->left--;
        walk->done = 0;
    }
    return number;
}

static gboolean numbers_exist(Pop3 *self, const NumberRange *ranges, gsize n, GError **error)
{
    for (gsize i = 0; i < n; i++)
        if (ranges[i].first < 1 || ranges[i].first > ranges[i].last ||
            ranges[i].last > self->exists)
            return refuse(error, POSTERN_ERROR_BUG, "server.number", NULL,
                          "%s has no messages %u to %u", self->host, ranges[i].first,
                          ranges[i].last);
    return TRUE;
}

/* Sends VERB for the next numbers in one piece, until WINDOW are under way. */
static gboolean send_ahead(Pop3 *self, const char *verb, Walk *walk, guint window, guint *under_way,
                           GError **error)
{
    g_autoptr(GString) commands = g_string_new(NULL);
    for (guint32 number; *under_way < window && (number = walk_next(walk)) != 0; ++*under_way)
        g_string_append_printf(commands, "%s %u\r\n", verb, number);
    trace_client(channel_trace(self->channel), commands->str, commands->len);
    return commands->len == 0 ||
           channel_write(self->channel, (const guint8 *)commands->str, commands->len, error);
}

/* What follows a +OK. */
typedef gboolean (*AfterOk)(Pop3 *self, guint32 number, gpointer user, GError **error);

/* A message that the server refuses stops none of the others; the first such no is told last. */
static gboolean for_each(Pop3 *self, const char *verb, Walk asking, AfterOk after, gpointer user,
                         GError **error)
{
    guint window = self->capabilities->pipelining ? WINDOW : 1, under_way = 0;
    Walk reading = asking;
    g_autoptr(GError) first_no = NULL;
    for (guint32 number; (number = walk_next(&reading)) != 0; under_way--) {
        Pop3Status status;
        const char *text;
        channel_deadline(self->channel, LIMIT_COMMAND_MS);
        if ((under_way <= window / 2 &&
             !send_ahead(self, verb, &asking, window, &under_way, error)) ||
            !pop3_read(self, &status, &text, error))
            return FALSE;
        if (status == POP3_CHALLENGE)
            return pop3_nonsense(self, "+", 1, error);
        g_autofree char *what = g_strdup_printf("%s %u", verb, number);
        if (status == POP3_ERR)
            pop3_refused(self, what, text, first_no ? NULL : &first_no);
        else if (after && !after(self, number, user, error)) {
            self->broken = TRUE;
            return FALSE;
        }
    }
    if (first_no == NULL)
        return TRUE;
    g_propagate_error(error, g_steal_pointer(&first_no));
    return FALSE;
}

typedef struct {
    Pop3 *self;
    const MessageTaker *taker;
    guint64 total, since; /* bytes, and those since the deadline was moved */
} Delivery;

static gboolean deliver(gpointer user, const guint8 *bytes, gsize size, GError **error)
{
    Delivery *delivery = user;
    delivery->total += size;
    delivery->since += size;
    if (delivery->total > LIMIT_BODY_BYTES)
        return refuse(error, POSTERN_ERROR_PROTOCOL, "message.size",
                      "tell the people who run the server; Postern has closed the connection",
                      "%s sent a message without end (over 4 GiB)", delivery->self->host);
    if (delivery->since >= PROGRESS_BYTES) {
        channel_deadline(delivery->self->channel, LIMIT_COMMAND_MS);
        delivery->since = 0;
    }
    return delivery->taker->data(delivery->taker->user, bytes, size, error);
}

static gboolean take_message(Pop3 *self, guint32 number, gpointer user, GError **error)
{
    const MessageTaker *taker = user;
    Delivery delivery = {.self = self, .taker = taker};
    return taker->start(taker->user, error) &&
           line_read_body(self->reader, deliver, &delivery, error) &&
           taker->end(taker->user, &(Fetched){.number = number}, error);
}

static gboolean pop3_get(Fetcher *fetcher, const NumberRange *ranges, gsize n,
                         const MessageTaker *taker, GError **error)
{
    Pop3 *self = (Pop3 *)fetcher;
    return settle(self, error) && numbers_exist(self, ranges, n, error) &&
           for_each(self, "RETR", (Walk){ranges, n, 0}, take_message, (gpointer)taker, error);
}

static gboolean pop3_remove(Fetcher *fetcher, const guint32 *numbers, gsize n, GError **error)
{
    Pop3 *self = (Pop3 *)fetcher;
    g_autofree NumberRange *ranges = g_new(NumberRange, n);
    for (gsize i = 0; i < n; i++)
        ranges[i] = (NumberRange){numbers[i], numbers[i]};
    self->removes = TRUE;
    return settle(self, error) && numbers_exist(self, ranges, n, error) &&
           for_each(self, "DELE", (Walk){ranges, n, 0}, NULL, NULL, error);
}

/* ---- UPDATE ---- */

static gboolean pop3_quit(Fetcher *fetcher, GError **error)
{
    Pop3 *self = (Pop3 *)fetcher;
    Pop3Status status;
    const char *text;
    if (!settle(self, error) || !line_write(self->channel, error, "QUIT"))
        return FALSE;
    gboolean removes = self->removes; /* else nothing hangs on the answer */
    if (removes && !pop3_read(self, &status, &text, error))
        return FALSE;
    self->broken = TRUE;
    if (!removes || status == POP3_OK)
        return TRUE;
    g_autofree char *words = server_words(text, strlen(text));
    return refuse(error, POSTERN_ERROR_TEMPORARY, "server.quit", "the next run looks again",
                  "%s did not confirm the deletions: \"%s\"", self->host, words);
}

static void pop3_free(Fetcher *fetcher)
{
    Pop3 *self = (Pop3 *)fetcher;
    line_reader_free(self->reader);
    channel_free(self->channel);
    pop3_capabilities_free(self->capabilities);
    g_free(self->host);
    g_free(self);
}

static void pop3_report(const Fetcher *fetcher, ServerReport *report)
{
    const Pop3 *self = (const Pop3 *)fetcher;
    channel_report(self->channel, report);
    report->abilities = (self->capabilities->uidl ? SERVER_UIDL : 0) |
                        (self->capabilities->pipelining ? SERVER_PIPELINING : 0) |
                        (self->scram ? SERVER_SCRAM : 0);
}

Fetcher *pop3_open(int fd, const Session *session, GError **error)
{
    static const Fetcher functions = {
        .mailboxes = pop3_mailboxes,
        .select = pop3_select,
        .list = pop3_list,
        .sizes = pop3_sizes,
        .get = pop3_get,
        .remove = pop3_remove,
        .quit = pop3_quit,
        .report = pop3_report,
        .free = pop3_free,
    };
    Pop3 *self = g_new0(Pop3, 1);
    g_autoptr(Fetcher) fetcher = &self->fetcher;
    self->fetcher = functions;
    self->host = g_strdup(session->host);
    self->channel = channel_new(fd);
    channel_set_trace(self->channel, session->trace);
    self->reader = line_reader_new(self->channel);
    if (!channel_start_tls(self->channel, session, error) || !usable(self, error) ||
        !pop3_authorize(self, session, error))
        return NULL;
    return g_steal_pointer(&fetcher);
}
