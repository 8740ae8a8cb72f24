/*
 * wire — the framed records between the keeper and its net child. The list of types below *is*
 * the security design: it is all that a child taken over can say. Bounds on the fields stand in
 * record.h; the bytes in doc/wire.md.
 *
 * A frame is a 32-bit big-endian payload size (at most LIMIT_FRAME), one type byte, the payload.
 */
#pragma once

#include <glib.h>

typedef enum {
    /* keeper to child */
    WIRE_SESSION = 1, /* all of Session but the CA text and the secret */
    WIRE_CA,          /* a piece of one CA set; an empty piece ends the set */
    WIRE_SECRET,      /* ends the set-up: the child logs in and answers DONE or FAIL */
    WIRE_MAILBOXES,
    WIRE_SELECT, /* name, what is known of it */
    WIRE_LIST,   /* ranges */
    WIRE_GET,    /* ranges */
    WIRE_REMOVE, /* numbers */
    WIRE_LETTER, /* sender, recipients, size; DATA follows, then END */
    WIRE_REPORT, /* what did the server show of itself? */
    WIRE_PROBE,  /* in place of CA and SECRET: does the port refuse what it should? */
    WIRE_QUIT,
    /* both */
    WIRE_DATA, /* a piece of a message */
    WIRE_END,  /* the letter is whole */
    /* child to keeper */
    WIRE_MAILBOX,
    WIRE_SELECTED,
    WIRE_LISTED,
    WIRE_START,   /* a message begins */
    WIRE_FETCHED, /* and is whole */
    WIRE_REPORTED,
    WIRE_ALERT, /* what the server wants shown; before DONE or FAIL */
    WIRE_TRACE, /* a line of the transcript, at any time, when SESSION asked for it */
    WIRE_DONE,  /* the command succeeded */
    WIRE_FAIL,  /* it failed: kind, rule, sentence, mend */
    /* Kerberos, while SECRET is not answered; also between the keeper and postern-gss */
    WIRE_CHALLENGE, /* child to keeper: the server's token */
    WIRE_ANSWER,    /* keeper to child: ours */
    /* keeper to child */
    WIRE_IDLE, /* wait for news of the selected mailbox; done when the server cannot, or at WAKE */
    WIRE_WAKE, /* ends IDLE; has no answer of its own, and means nothing where none runs */
    /* child to keeper */
    WIRE_NEWS, /* something has changed; at most once in one IDLE */
    /* The news of a mailbox: asked by the keeper (SELECT tells them too), told by the child. */
    WIRE_CHANGES, /* since when, ranges */
    WIRE_CHANGED, /* a message's flags */
    WIRE_GONE,    /* a range */
    /* Asked by the keeper, and told by the child. */
    WIRE_SIZES, /* ranges */
    WIRE_SIZED, /* how large a message is */
    /* Child to keeper, among MAILBOX: the server keeps others to itself. */
    WIRE_PARTIAL,
    /* A letter, before its DONE or FAIL. Child to keeper: */
    WIRE_REFUSED, /* a recipient, and why; after END */
    WIRE_DOT,     /* all is out but the last dot */
    /* keeper to child: */
    WIRE_GO, /* the dot may follow */
    /* keeper to child; answered as GET is */
    WIRE_HEADERS, /* ranges */
    /* keeper to child: the copy of a letter for a mailbox there, the one way to put anything */
    WIRE_FILE, /* mailbox, Message-ID, date, size; DATA follows, then END */
} WireType;
#define WIRE_TYPES WIRE_FILE

typedef struct {
    WireType type;
    const guint8 *payload; /* valid until the next read */
    gsize size;
} Frame;

/*
 * Takes one frame off the front of DATA: its whole length, 0 when more bytes are needed, -1 when
 * it breaks a bound (with 70, "net.record", in *error). Pure.
 */
gssize wire_parse(const guint8 *data, gsize size, Frame *frame, GError **error);

/* One end of the socketpair, buffered both ways. */
typedef struct Wire Wire;
Wire *wire_new(int fd); /* takes FD over */
void wire_free(Wire *wire);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Wire, wire_free)

/* Queues a frame; it leaves with wire_flush(), or earlier when the buffer is full. */
gboolean wire_put(Wire *wire, WireType type, const void *payload, gsize size,
                  GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean wire_flush(Wire *wire, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/*
 * The next frame, within TIMEOUT_MS (-1: for ever). STOP_FD, when not -1, becoming readable ends
 * the wait with 75 "run.interrupted". Time is that of the whole frame, however it trickles in. The
 * other end's disappearance is 70 "net.gone", silence 75 "net.timeout".
 */
gboolean wire_get(Wire *wire, int timeout_ms, int stop_fd, Frame *frame,
                  GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The same without waiting: 1 with a frame, 0 while there is none, -1 with *error. */
int wire_try(Wire *wire, Frame *frame, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* What becomes readable when a frame comes; one that wire_held() has is there already. */
int wire_fd(const Wire *wire);
gboolean wire_held(const Wire *wire);

/* Wipes what is still here of the frames that were read, the last one's payload too. */
void wire_forget(Wire *wire);
