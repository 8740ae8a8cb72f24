/* See link.h: logging in and waiting for news, without waiting for the child. */
#include "fetchd/link-state.h"

/* Lines of the transcript in one look; a child that has more to say never comes to an end. */
#define LOOK_FRAMES 10000

static gboolean say(Link *link, WireType type, GError **error)
{
    return link_put(link, type, error) && wire_flush(link->wire, error);
}

gboolean link_idle(Fetcher *fetcher, GError **error)
{
    Link *link = (Link *)fetcher;
    link->waking = link->news = FALSE;
    return say(link, WIRE_IDLE, error);
}

gboolean link_wake(Fetcher *fetcher, GError **error)
{
    Link *link = (Link *)fetcher;
    if (link->waking)
        return TRUE;
    link->waking = TRUE;
    return say(link, WIRE_WAKE, error);
}

int link_fd(const Fetcher *fetcher)
{
    return wire_fd(((const Link *)fetcher)->wire);
}

static LinkEvent out_of_order(GError **error)
{
    (void)!link_out_of_order(error);
    return LINK_FAILED;
}

static LinkEvent take(Link *link, const Frame *frame, GError **error)
{
    switch (frame->type) {
    case WIRE_TRACE:
    case WIRE_ALERT: return link_aside(link, frame, error) ? LINK_QUIET : LINK_FAILED;
    case WIRE_CHALLENGE: return link_login_frame(link, frame, error) ? LINK_QUIET : LINK_FAILED;
    case WIRE_DONE: link_logged_in(link); return LINK_DONE;
    case WIRE_FAIL: (void)record_get_fail(frame, error); return LINK_FAILED;
    case WIRE_NEWS:
        if (!link->news && link->target == NULL) { /* not in a login */
            link->news = TRUE;
            return LINK_NEWS;
        }
        break;
    default: break;
    }
    return out_of_order(error);
}

LinkEvent link_look(Fetcher *fetcher, GError **error)
{
    Link *link = (Link *)fetcher;
    for (int frames = 0; frames < LOOK_FRAMES; frames++) {
        Frame frame;
        int here = wire_try(link->wire, &frame, error);
        LinkEvent event = here > 0 ? take(link, &frame, error) : LINK_QUIET;
        if (here <= 0 || event != LINK_QUIET)
            return here < 0 ? LINK_FAILED : event;
    }
    return out_of_order(error);
}

void link_drop(Fetcher *fetcher, GError **failure)
{
    link_close((Link *)fetcher, failure);
}
