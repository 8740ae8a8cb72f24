/*
 * tunnel — a command whose standard input and output lead to the server (`tunnel = ssh -W %a:%p
 * gateway`). Whatever it is, TLS is verified inside it (P3); here stands what P2 asks of it. Pure:
 * nothing is started.
 */
#pragma once

#include <gio/gio.h>

#include "policy/endpoint.h"

/*
 * May ACCOUNT's tunnel be used? With `networks` the address must be one that was held against them,
 * so the command must name it as %a; `offices` cannot be held against anything, since it is the
 * gateway that speaks to the server. `[company] tunnel = yes` waives both. 78 "config.tunnel".
 */
gboolean tunnel_check(const Account *account, const Company *company,
                      GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Does the command name the server by an address (%a), which is to be looked up here? */
gboolean tunnel_wants_address(const Account *account);

/*
 * The command as words for execve(2), without a shell: in each, %h becomes ENDPOINT's host, %p its
 * port, %a ADDRESS (NULL when none is wanted; an IPv6 address in brackets where ':' follows), %% a
 * percent sign. 78 "config.tunnel" for another letter, or a command without words.
 */
GStrv tunnel_words(const Account *account, const VettedEndpoint *endpoint, GInetAddress *address,
                   GError **error) G_GNUC_WARN_UNUSED_RESULT;
