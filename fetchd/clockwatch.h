/*
 * clockwatch — time that goes on while the machine sleeps, and when it has slept: connections are
 * dead then although nobody said so.
 */
#pragma once

#include <glib.h>

/* Microseconds since the start of the machine, sleep included (CLOCK_BOOTTIME). */
gint64 clockwatch_now(void);

typedef struct Clockwatch Clockwatch;
Clockwatch *clockwatch_new(void);
void clockwatch_free(Clockwatch *watch);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Clockwatch, clockwatch_free)

/* Readable from UNTIL on, as of clockwatch_now(). */
int clockwatch_alarm(Clockwatch *watch, gint64 until);

/* Readable when the machine woke, or somebody set its clock. */
int clockwatch_jump(const Clockwatch *watch);

/* How long the machine has slept since this was asked last, in microseconds; it is a little in any
 * case. Also settles both descriptors. */
gint64 clockwatch_slept(Clockwatch *watch);
