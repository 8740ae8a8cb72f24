/* outbox-list — how the letters of the outbox are listed: in words, as JSON. */
#pragma once

#include "cli/command.h"

/* What is known without the vault's private key and, while the vault is unlocked, what it is and to
 * whom. 74 as of vault.h. */
gboolean outbox_list(Context *context, GError **error) G_GNUC_WARN_UNUSED_RESULT;
