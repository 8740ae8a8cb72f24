/*
 * rsvp — the answer to an invitation: to its organizer alone, from the address that was invited.
 * The organizer is whom the invitation names, so he is a recipient like any other (P9), and the
 * user is told when he is not who sent it.
 */
#pragma once

#include "cli/original.h"
#include "mime/invitation.h"

typedef struct {
    gboolean accept, decline, tentative;
} RsvpFlags;

/* One of them was given. */
gboolean rsvp_wanted(const RsvpFlags *flags);
/* 64 "usage": more than one, or what WRITING says of other recipients, or of attachments. */
gboolean rsvp_check(const RsvpFlags *flags, const Writing *writing,
                    GError **error) G_GNUC_WARN_UNUSED_RESULT;

/*
 * Sends it; see posting_run(). 65 "reply.invitation" for what is none that can be answered; 65
 * "reply.attendee": none of the user's own addresses is invited, or that of --from is not.
 */
int rsvp_send(const Context *context, const RsvpFlags *flags, const Original *original,
              const Writing *writing, GError **error);
