/*
 * guard — the stream under libetpan: a mailstream over a Channel, with everything the server says
 * passed through guard-scan first, a deadline on every command, and no second chance: the first
 * error stays, and after it nothing is read and not one byte is written.
 *
 * A command may take LIMIT_COMMAND_MS, and longer by the time that its message bodies need at
 * LIMIT_BODY_RATE. A read never returns 0 to libetpan, which would loop for ever.
 *
 * Errors: those of tls.h and guard-scan.h; 69 "server.closed"; 65 "send.value" when a command
 * would be more than one line.
 */
#pragma once

#include <libetpan/libetpan.h>

#include "net/guard-scan.h"
#include "net/tls.h"

typedef struct Guard Guard;

Guard *guard_new(Channel *channel); /* takes the channel */
void guard_free(Guard *guard);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Guard, guard_free)

/* A stream for libetpan, which closes it; the guard must outlive it. NULL without memory. */
mailstream *guard_stream(Guard *guard);

/* A command begins. */
void guard_command(Guard *guard, ScanExpects expects, guint ms);

/* A message has passed whole: deadline and budgets are full again. */
void guard_refill(Guard *guard);

/* Sends past libetpan, whose buffers are never wiped: for secrets. DATA is lines with CRLF. */
gboolean guard_send(Guard *guard, const guint8 *data, gsize size);

/* For a command of our own, under SCAN_MUTE: reads once, for the scanner alone. */
gboolean guard_skim(Guard *guard);

/* Until guard_skim() would find something, FD is readable, or UNTIL (monotonic microseconds). */
typedef enum { GUARD_READY, GUARD_CALLED, GUARD_LATE } GuardEvent;
GuardEvent guard_wait(Guard *guard, int fd, gint64 until);

/* From here on the connection is compressed, both ways, and what has come behind the tagged line of
 * SCAN_STOP is the beginning of it (RFC 4978). */
void guard_compress(Guard *guard);

/* Takes ERROR, unless there was one before; from now on nothing passes. */
void guard_break(Guard *guard, GError *error);

/* The first error, the guard's own, or NULL. */
const GError *guard_error(const Guard *guard);
GuardScan *guard_scanner(Guard *guard);

/* As channel_trace(): what goes by guard_send() is told by who sends it. */
Trace *guard_trace(const Guard *guard);

/* As channel_report(). */
void guard_report(const Guard *guard, ServerReport *report);
