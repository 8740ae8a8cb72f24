/* own-network — a network namespace for a test, and names in it that resolve as the test says. */
#pragma once

#include <gio/gio.h>

typedef struct {
    GResolver parent;
    const char *const *answer; /* NULL: no such name */
    guint many;                /* instead: so many addresses */
    gboolean hangs;            /* until it is cancelled */
    const char *canonical;     /* where the name's aliases end, or NULL */
    guint asked;
    const char *const *records; /* of SRV: "NAME PRIORITY WEIGHT PORT TARGET", NULL at the end */
    gboolean fails;             /* no name server answers with records */
    GString *names;             /* whose records were asked for, a blank behind each */
} FakeResolver;

/* The process's resolver from now on. */
FakeResolver *fake_resolver_new(void);

/* Into a namespace with nothing but loopback, all of it up; FALSE where none can be made. */
gboolean own_network(void);
