/* See rsvp.h. */
#include "cli/rsvp.h"

#include <string.h>

#include "cli/output.h"
#include "core/error.h"
#include "core/text.h"
#include "mime/address.h"
#include "mime/answer.h"

gboolean rsvp_wanted(const RsvpFlags *flags)
{
    return flags->accept || flags->decline || flags->tentative;
}

gboolean rsvp_check(const RsvpFlags *flags, const Writing *writing, GError **error)
{
    if (flags->accept + flags->decline + flags->tentative > 1)
        return refuse(error, POSTERN_ERROR_USAGE, "usage", "say one of them",
                      "--accept, --decline and --tentative contradict each other");
    return !(writing->to || writing->cc || writing->bcc || writing->attach) ||
           refuse(error, POSTERN_ERROR_USAGE, "usage",
                  "leave --to, --cc, --bcc and --attach out, or write a letter of its own",
                  "an answer to an invitation goes to its organizer, and nothing with it");
}

static Rsvp rsvp_of(const RsvpFlags *flags)
{
    return flags->accept ? ANSWER_ACCEPTED : flags->decline ? ANSWER_DECLINED : ANSWER_TENTATIVE;
}

/* --- who answers ----------------------------------------------------------------------------- */

static gboolean invites(const Invitation *invitation, const char *address)
{
    for (guint i = 0; i < invitation->meetings->len; i++)
        if (meeting_invites(invitation->meetings->pdata[i], address))
            return TRUE;
    return FALSE;
}

/* That of --from, else the one that the letter was sent to, else the first that is invited; g_free.
 */
static char *invited_address(const Context *context, const Original *original,
                             const Invitation *invitation, const Writing *writing, GError **error)
{
    g_auto(GStrv) own = own_addresses(context->config);
    if (writing->from) {
        g_autoptr(Mailbox) wanted = address_parse(writing->from, error);
        if (wanted == NULL)
            return NULL;
        g_autofree char *shown = text_address(wanted->address);
        if (invites(invitation, wanted->address))
            return g_strdup(writing->from);
        refuse(error, POSTERN_ERROR_INPUT, "reply.attendee", "leave --from out",
               "%s is not invited", shown);
        return NULL;
    }
    const char *written = answer_addressed(original->reading->message, own);
    if (written && invites(invitation, written))
        return g_strdup(written);
    for (char **one = own; *one; one++)
        if (invites(invitation, *one))
            return g_strdup(*one);
    g_autofree char *all = g_strjoinv(", ", own);
    g_autofree char *shown = text_field(all);
    refuse(error, POSTERN_ERROR_INPUT, "reply.attendee",
           "answer it as a letter, or add the address that is invited to aliases",
           "none of your addresses is invited: %s", shown);
    return NULL;
}

static void tell_organizer(const Context *context, const Original *original,
                           const Mailbox *organizer)
{
    g_autoptr(GPtrArray) from = message_addresses(original->reading->message, "From");
    if (context->quiet || address_among(from, organizer->address))
        return;
    g_autofree char *shown = text_address(organizer->address);
    g_autofree char *sender =
        from->len > 0 ? text_address(((Mailbox *)from->pdata[0])->address) : g_strdup("nobody");
    output_note("the answer goes to the organizer, %s, who is not the sender, %s", shown, sender);
}

/* --- what is sent ---------------------------------------------------------------------------- */

static const char *const subjects[N_RSVP] = {"Accepted", "Declined", "Tentative"};

/* The user's own words, else ours. Nothing is asked for. */
static char *words(const Letter *letter, const Writing *writing, Rsvp rsvp, GError **error)
{
    static const char *const verbs[N_RSVP] = {"accepts", "declines", "may accept"};
    if (writing->body)
        return writing_body(writing, error);
    const Mailbox *from = letter->from;
    return g_strdup_printf("%s %s the invitation.\n", from->name ? from->name : from->address,
                           verbs[rsvp]);
}

/* What came encrypted is not named in clear. */
static gboolean fill(const Original *original, const Invitation *invitation, const Writing *writing,
                     Rsvp rsvp, Letter *letter, GError **error)
{
    gboolean named = !(original->sealed && writing->no_encrypt);
    g_autofree char *text = words(letter, writing, rsvp, error);
    if (text == NULL)
        return FALSE;
    g_autofree char *answer = invitation_answer(invitation, letter->from, rsvp, named);
    letter->entity = invitation_entity(text, answer);
    return TRUE;
}

int rsvp_send(const Context *context, const RsvpFlags *flags, const Original *original,
              const Writing *writing, GError **error)
{
    const Reading *reading = original->reading;
    if (reading->locked) {
        g_propagate_error(error, g_error_copy(reading->locked));
        return POSTERN_ERROR_INPUT;
    }
    g_autoptr(Invitation) invitation = invitation_of(reading->message);
    if (invitation == NULL) {
        refuse(error, POSTERN_ERROR_INPUT, "reply.invitation",
               "leave --accept, --decline and --tentative out",
               "the message holds no invitation that could be read");
        return POSTERN_ERROR_INPUT;
    }
    Rsvp rsvp = rsvp_of(flags);
    g_autofree char *from = invitation_check(invitation, error)
                                ? invited_address(context, original, invitation, writing, error)
                                : NULL;
    const Account *account = from ? posting_account(context->config, from, error) : NULL;
    g_autoptr(Letter) letter = letter_new();
    Writing own = *writing; /* borrowed */
    Posting posting;
    own.from = from;
    if (account == NULL)
        return POSTERN_ERROR_INPUT;
    g_ptr_array_add(letter->to, invitation_organizer(invitation));
    if (!writing_fill(&own, account, letter, error) ||
        !original_lead(original, subjects[rsvp], &own, letter, &posting, error) ||
        !fill(original, invitation, &own, rsvp, letter, error))
        return POSTERN_ERROR_INPUT;
    answer_thread(letter, reading->message);
    tell_organizer(context, original, letter->to->pdata[0]);
    return posting_run(context, account, letter, &posting, error);
}
