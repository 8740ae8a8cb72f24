/*
 * record — the payloads of wire frames: one writer and one reader a record. A reader enforces
 * every bound, takes the whole payload or nothing, and fails with 70, "net.record". What a
 * reader returns is the caller's to free.
 */
#pragma once

#include "fetchd/wire.h"
#include "net/fetcher.h"
#include "net/submission.h"

#define RECORD_RANGES 4096 /* ranges or numbers in one command */
#define RECORD_WORDS 2048  /* bytes of a sentence in FAIL */
#define RECORD_HOST 255    /* RFC 1035, 2.3.4 */
#define RECORD_MECHANISM 64
#define RECORD_PINS 16
#define RECORD_PIN 128
#define RECORD_CA_SETS 8
#define RECORD_TRACE TRACE_LINE

void record_put_session(GByteArray *out, const Session *session);
gboolean record_get_session(const Frame *frame, Session *session, GError **error);

void record_put_ranges(GByteArray *out, const NumberRange *ranges, gsize n);
/* At most RECORD_RANGES, each with first <= last. */
GArray *record_get_ranges(const Frame *frame, GError **error);

void record_put_numbers(GByteArray *out, const guint32 *numbers, gsize n);
GArray *record_get_numbers(const Frame *frame, GError **error);

/* KNOWN may be NULL; more than RECORD_RANGES of it become one that spans them. */
void record_put_select(GByteArray *out, const char *name, const Known *known);
typedef struct {
    char *name;
    gboolean known; /* the fields below count */
    guint32 uidvalidity;
    guint64 modseq;
    GArray *ranges; /* NumberRange */
} SelectRecord;
gboolean record_get_select(const Frame *frame, SelectRecord *record, GError **error);
void select_record_clear(SelectRecord *record);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(SelectRecord, select_record_clear)

void record_put_changes(GByteArray *out, guint64 since, const NumberRange *ranges, gsize n);
GArray *record_get_changes(const Frame *frame, guint64 *since, GError **error);

void record_put_changed(GByteArray *out, guint32 uid, char *const *flags);
gboolean record_get_changed(const Frame *frame, guint32 *uid, GStrv *flags, GError **error);

void record_put_gone(GByteArray *out, guint32 first, guint32 last);
gboolean record_get_gone(const Frame *frame, NumberRange *gone, GError **error);

void record_put_mailbox(GByteArray *out, const MailboxName *name);
gboolean record_get_mailbox(const Frame *frame, MailboxName *name, GError **error);

void record_put_selected(GByteArray *out, const Selected *selected);
gboolean record_get_selected(const Frame *frame, Selected *selected, GError **error);

/* *uidl is NULL when there is none. */
void record_put_listed(GByteArray *out, guint32 number, const char *uidl);
gboolean record_get_listed(const Frame *frame, guint32 *number, char **uidl, GError **error);

void record_put_sized(GByteArray *out, const Sized *sized);
gboolean record_get_sized(const Frame *frame, Sized *sized, GError **error);

void record_put_fetched(GByteArray *out, const Fetched *fetched);
gboolean record_get_fetched(const Frame *frame, Fetched *fetched, GError **error);

void record_put_report(GByteArray *out, const ServerReport *report);
gboolean record_get_report(const Frame *frame, ServerReport *report, GError **error);

void record_put_alert(GByteArray *out, const char *words);
/* Made safe to print. */
char *record_get_alert(const Frame *frame, GError **error);

void record_put_trace(GByteArray *out, const char *text);
char *record_get_trace(const Frame *frame, GError **error);

/* What a PROBE asks. */
typedef enum { PROBE_OLD_TLS, PROBE_CLEAR } ProbeKind;
void record_put_probe(GByteArray *out, ProbeKind kind);
gboolean record_get_probe(const Frame *frame, ProbeKind *kind, GError **error);

typedef struct {
    char *from;
    GPtrArray *recipients; /* char * */
    guint64 size;
    guint needs; /* LetterNeeds of net/submission.h */
    Notice notice;
} LetterRecord;
void record_put_letter(GByteArray *out, const LetterEnvelope *letter);
gboolean record_get_letter(const Frame *frame, LetterRecord *letter, GError **error);
void letter_record_clear(LetterRecord *letter);

/* Of FILED all but the letter, which is its receiver's. */
void record_put_file(GByteArray *out, const Filed *filed);
typedef struct {
    char *mailbox, *message_id;
    gint64 date;
    guint64 size;
} FileRecord;
gboolean record_get_file(const Frame *frame, FileRecord *file, GError **error);
void file_record_clear(FileRecord *file);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(FileRecord, file_record_clear)

void record_put_fail(GByteArray *out, const GError *failure);
/* Turns the child's failure into *error, its words made safe. Always returns FALSE. */
gboolean record_get_fail(const Frame *frame, GError **error);

/* The server's no, 65 or 75, to recipient N of a letter. *REASON is the caller's, its words made
 * safe. */
void record_put_refused(GByteArray *out, guint n, const GError *reason);
gboolean record_get_refused(const Frame *frame, guint *n, GError **reason,
                            GError **error) G_GNUC_WARN_UNUSED_RESULT;
