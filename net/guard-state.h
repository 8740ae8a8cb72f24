/*
 * guard-state — the inside of guard-scan, shared by its files alone. A Step looks at one byte of
 * a line and sets the next; what the parser may see goes through scan_emit().
 */
#pragma once

#include "net/guard-scan.h"

#define SCAN_WORD 32                          /* longest keyword or item name told apart */
#define SCAN_HEAD (SCAN_WORD + SCAN_WORD + 4) /* "* ", a number, a keyword */

typedef enum { LINE_PLAIN, LINE_FETCH, LINE_SEARCH, LINE_VANISHED } LineKind;

/* Items of FETCH, by the form of their value. */
typedef enum {
    ITEM_NONE,
    ITEM_UID,
    ITEM_NUMBER,
    ITEM_DATE,
    ITEM_FLAGS,
    ITEM_MODSEQ,
    ITEM_BODY
} Item;

typedef gboolean (*Step)(GuardScan *scan, guint8 byte, GError **error);

struct GuardScan {
    guint expects;
    GArray *found;
    ScanStatus status, bye;
    ScanOpened opened;
    ChangeTaker taker;
    SizeTaker sizer;
    gpointer sizer_user;
    guint changes;      /* messages and ranges that went to it */
    guint64 body_bytes; /* of changes too */
    guint news;         /* lines that tell of a change */
    gsize left;         /* of the last feed */
    gboolean ended;     /* the tagged line was */
    guint64 reply;      /* bytes of the reply, bodies apart */
    guint lines;        /* lines of the reply */
    GByteArray *out;    /* during a feed */

    Step step;
    Step after;      /* where a string or literal returns to */
    guint64 literal; /* bytes of it still to come */

    /* The present line. */
    LineKind kind;
    gsize line; /* its bytes, literals apart */
    guint8 head[SCAN_HEAD];
    gsize head_size;
    gboolean tagged;  /* it began with a tag */
    gboolean counted; /* a message number has passed */
    guint32 count;    /* this one */
    gboolean silent;  /* the parser is not to see it */
    gboolean body;    /* the literal is a message */
    guint depth;
    guint8 before; /* the byte before; 0 right behind a string */
    char word[SCAN_WORD + 1];
    gsize word_size;
    guint64 number;
    guint digits;
    ScanStatus *noted; /* where the words of a status line go, or NULL */
    gsize words;
    char alert[SCAN_WORDS + 1];
    gsize alert_size;
    gboolean alerting; /* this line is one */
    gboolean alerted;  /* one is there */
    Item item;
    gboolean valued; /* its value has begun */
    guint bodies;
    guint items; /* those that came, by bit; for items that may come once */
    guint32 uid;
    guint64 size;        /* RFC822.SIZE */
    GPtrArray *flags;    /* char * */
    GString *flag;       /* the present one */
    GPtrArray *prefixes; /* char *, of NAMESPACE */
    GString *kept;       /* the present string, as it is meant */
    gboolean keeping;    /* it is wanted */
    guint field;         /* of NAMESPACE: ours, those of others, shared */
    gboolean earlier;    /* VANISHED (EARLIER) */
    gboolean ranged;     /* behind the colon of a range */
    guint32 first;
};

/* Refusals. */
gboolean scan_broken(const GuardScan *scan, GError **error, const char *fault);
gboolean scan_too_much(GError **error, const char *what, guint64 limit);

/* Words and numbers. A number over MAX is refused: libetpan lets them wrap. */
void scan_emit(GuardScan *scan, const guint8 *bytes, gsize size);
void scan_word_clear(GuardScan *scan);
gboolean scan_word_add(GuardScan *scan, guint8 byte);
gboolean scan_word_is(const GuardScan *scan, const char *word);
void scan_number_clear(GuardScan *scan);
gboolean scan_number_add(GuardScan *scan, guint8 byte, const char *what, guint64 max,
                         GError **error);
gboolean scan_open_bracket(GuardScan *scan, GError **error);

/* BYTE is a quote or a brace; the state behind the string is AFTER. */
gboolean scan_open_string(GuardScan *scan, guint8 byte, Step after, GError **error);
gboolean scan_at_literal(GuardScan *scan, guint8 byte, GError **error);

/* A CR was seen: the line ends, LF is due. */
gboolean scan_line_ends(GuardScan *scan, GError **error);

/* First states behind a keyword: words, brackets and strings; "(" of FETCH; SEARCH; status. */
gboolean scan_data(GuardScan *scan, guint8 byte, GError **error);
gboolean scan_fetch(GuardScan *scan, guint8 byte, GError **error);
gboolean scan_search(GuardScan *scan, guint8 byte, GError **error);
gboolean scan_status_line(GuardScan *scan, guint8 byte, GError **error);
gboolean scan_plus_line(GuardScan *scan, guint8 byte, GError **error);

/* NAMESPACE (RFC 2342, 5). */
gboolean scan_namespace(GuardScan *scan, guint8 byte, GError **error);

/* VANISHED (RFC 7162, 3.2.10). */
gboolean scan_vanished(GuardScan *scan, guint8 byte, GError **error);

/* Does this line go to the taker rather than to the parser? */
gboolean scan_taken(const GuardScan *scan);

/* One byte of a list of flags, of which ")" is the end; and a FETCH that is whole, for the taker.
 */
void scan_flag_byte(GuardScan *scan, guint8 byte);
gboolean scan_take_fetch(GuardScan *scan, GError **error);

/* A digit of RFC822.SIZE, of which no number is too large. */
gboolean scan_size_digit(GuardScan *scan, guint8 byte, GError **error);

/* A digit of a response code's number, or the end of a code without one. */
void scan_note_code(GuardScan *scan);

/* What the keyword says of a status, and the line begun. */
Said scan_said(const GuardScan *scan);
void scan_begin_status(GuardScan *scan, Said said);
