/*
 * wire — the framed records between the keeper and its net child. The list of types below *is*
 * the security design: it is all that a child taken over can say, and every field has a bound
 * that wire_decode() enforces. The bytes are in doc/wire.md.
 *
 * A frame is a 32-bit big-endian payload size, one type byte, and the payload.
 */
#pragma once

#include "core/cursor.h"
#include "net/fetcher.h"
#include "net/session.h"

typedef enum {
    /* keeper to child */
    WIRE_SESSION = 1,  /* everything of Session but the CA text and the secret */
    WIRE_CA,           /* a piece of one CA set; an empty piece ends the set */
    WIRE_SECRET,       /* ends the set-up: the child connects and answers DONE or FAIL */
    WIRE_MAILBOXES,
    WIRE_SELECT,       /* name */
    WIRE_LIST,         /* ranges */
    WIRE_GET,          /* ranges */
    WIRE_REMOVE,       /* numbers */
    WIRE_SEND,         /* from, recipients, size; DATA frames follow, then END_DATA */
    WIRE_QUIT,
    /* both */
    WIRE_DATA,         /* a piece of a message */
    WIRE_END_DATA,     /* a letter is whole */
    /* child to keeper */
    WIRE_MAILBOX,
    WIRE_SELECTED,
    WIRE_LISTED,
    WIRE_START,        /* a message begins */
    WIRE_FETCHED,      /* and is whole */
    WIRE_DONE,         /* the command succeeded */
    WIRE_FAIL,         /* kind, rule, message, mend */
} WireType;
