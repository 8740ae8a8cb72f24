/*
 * notice — of which fates of a letter its sender asks the servers to tell (RFC 3461), and by what
 * name they are to call it then. Plain bytes: copied and dropped like a number.
 */
#pragma once

#include <glib.h>

typedef enum {
    NOTICE_SUCCESS = 1 << 0,
    NOTICE_FAILURE = 1 << 1,
    NOTICE_DELAY = 1 << 2,
    NOTICE_NEVER = 1 << 3, /* alone */
} NoticeWhen;

/* RFC 3461, 4.4: of an ENVID, as xtext. */
#define NOTICE_ID 100

typedef struct {
    guint when;             /* NoticeWhen; 0: nothing is asked, and the servers do as they like */
    char id[NOTICE_ID + 1]; /* printable ASCII, or "" */
} Notice;

/* WORDS are "never", or some of "success", "failure" and "delay", parted by commas, in any case.
 * 64 "usage" for others. */
gboolean notice_read(const char *words, Notice *notice, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The words of it, parted by COMMA; "" when nothing is asked (g_free). */
char *notice_words(const Notice *notice, const char *comma);

/* FALSE, and no name: ID is empty, not printable ASCII, or too long as xtext. */
gboolean notice_name(Notice *notice, const char *id);

/* Is it one that could have been read? */
gboolean notice_sound(guint when);

/* RFC 3461, 4 (g_free). TEXT is ASCII. */
char *notice_xtext(const char *text);
