/*
 * guard-scan — what a server says, looked at before libetpan's parser sees it. A pure state
 * machine over bytes: no socket, no clock, the same verdict wherever the bytes are cut.
 *
 * Nothing passes but replies that Postern asked for or must expect, in the grammar of RFC 3501 and
 * RFC 7162:
 *   - status lines (OK NO BAD BYE PREAUTH, "+"), LIST, FLAGS, CAPABILITY, SEARCH, EXISTS, RECENT,
 *     EXPUNGE, and FETCH with UID, FLAGS, INTERNALDATE, MODSEQ, RFC822.SIZE and BODY[];
 *   - other untagged replies, and blank lines, are dropped whole;
 *   - FETCH during SCAN_CHANGES and SCAN_SIZES, and VANISHED always, end here: they go to a taker
 *     one by one, so that the flags of a million messages need no memory;
 *   - prefixes of NAMESPACE (RFC 2342) are collected, those of other users and shared ones;
 *   - numbers of SEARCH are collected here, so that a million of them cost four bytes each and
 *     not libetpan's sixty-four; the parser sees an empty SEARCH;
 *   - a status line without words gets some, for libetpan cannot read it (or crashes, [ALERT]).
 * A NUL in a literal outside a body becomes LF, so that a name is never silently cut at it.
 *
 * Errors: 76 "server.protocol" names the fault, 76 "server.limit" the limit and its value. After
 * one the scanner is of no more use.
 */
#pragma once

#include "net/changes.h"

/* What the command that is being answered lets a server say, beyond lines of state. */
typedef enum {
    SCAN_NOTHING = 0,
    SCAN_CONTINUE = 1 << 0, /* one "+" */
    SCAN_SEARCH = 1 << 1,   /* SEARCH: numbers are collected */
    SCAN_BODIES = 1 << 2,   /* message bodies in FETCH */
    SCAN_MUTE = 1 << 8,     /* a command of our own: no line that begins now reaches the parser */
    SCAN_CHANGES = 1 << 3,  /* FETCH and VANISHED (EARLIER), for the taker */
    SCAN_QUIET = 1 << 4,    /* the parser sees the tagged line alone */
    SCAN_STOP = 1 << 5,     /* what follows the tagged line is for the next command, or no IMAP */
    SCAN_SIZES = 1 << 6,    /* FETCH, for the one who takes sizes */
    SCAN_HEADERS = 1 << 7,  /* headers in FETCH, in place of bodies */
} ScanExpects;

typedef enum { SAID_NOTHING, SAID_OK, SAID_NO, SAID_BAD, SAID_BYE, SAID_PREAUTH } Said;

#define SCAN_WORDS 400

/* The server's own words, for a sentence: raw bytes, cut to SCAN_WORDS, with the [CODE]. */
typedef struct {
    Said said;
    char words[SCAN_WORDS + 1];
} ScanStatus;

/* What was said of the mailbox that the command opens. */
typedef struct {
    guint32 uidvalidity, uidnext;
    guint32 exists;
    guint64 modseq;  /* HIGHESTMODSEQ */
    gboolean closed; /* CLOSED: what came before was of the mailbox that was open until then */
} ScanOpened;

typedef struct GuardScan GuardScan;

GuardScan *guard_scan_new(void);
void guard_scan_free(GuardScan *scan);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(GuardScan, guard_scan_free)

/* A command begins: budgets are full again, nothing is found and nothing was said. */
void guard_scan_command(GuardScan *scan, ScanExpects expects);

/* Where the changes of SCAN_CHANGES go until the next command. */
void guard_scan_taker(GuardScan *scan, const ChangeTaker *taker);

/* Where the sizes of SCAN_SIZES go, from the next command on: DATE is what stood behind
 * INTERNALDATE, or "". A size that no 63 bits hold is G_MAXINT64. */
typedef gboolean (*SizeTaker)(gpointer user, guint32 uid, guint64 size, const char *date,
                              GError **error);
void guard_scan_sizer(GuardScan *scan, SizeTaker taker, gpointer user);

/* A message has passed whole: its command may say as much again. */
void guard_scan_refill(GuardScan *scan);

/* Looks at SIZE bytes from the wire and appends to OUT what the parser may see. */
gboolean guard_scan_feed(GuardScan *scan, const guint8 *data, gsize size, GByteArray *out,
                         GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Of the last feed, the bytes behind the tagged line, which SCAN_STOP leaves alone; and whether
 * that line has been. */
gsize guard_scan_left(const GuardScan *scan);
gboolean guard_scan_stopped(const GuardScan *scan);

/* Of the command: bytes of bodies and changes so far, the numbers found, the last tagged line, and
 * a BYE. */
guint64 guard_scan_body_bytes(const GuardScan *scan);
GArray *guard_scan_found(GuardScan *scan);       /* guint32, as they came */
GPtrArray *guard_scan_prefixes(GuardScan *scan); /* char *, at most LIMIT_NAMESPACES + 1 */
const ScanStatus *guard_scan_status(const GuardScan *scan);
const ScanOpened *guard_scan_opened(const GuardScan *scan);
const ScanStatus *guard_scan_bye(const GuardScan *scan); /* said is SAID_NOTHING without one */

/* Has "+" come, where the command waited for it? */
gboolean guard_scan_continued(const GuardScan *scan);

/* Untagged EXISTS, EXPUNGE, VANISHED and FETCH since the command began: something changed. */
guint guard_scan_news(const GuardScan *scan);

/* What the server wants shown (RFC 3501, 7.1: ALERT), of lines that no sentence of ours quotes: the
 * first since this was asked last, or NULL. The words follow the code; valid until the next feed.
 */
const char *guard_scan_alert(GuardScan *scan);
