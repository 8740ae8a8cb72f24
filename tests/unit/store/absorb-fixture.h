/* absorb-fixture — what an absorb brought into the index. */
#pragma once

#include "store/absorb.h"
#include "tests/unit/store/fixture.h"

extern const AbsorbOptions plain; /* without leave to decrypt */

Index *open_index(const Fixture *fixture);
guint64 absorb_all(const Fixture *fixture, Vault *vault, Index *index,
                   const AbsorbOptions *options);
GPtrArray *find(Index *index, const char *text);
guint count(Index *index, const char *text);
/* Into INBOX of "work". */
void put(const Fixture *fixture, Vault *vault, GBytes *mail, guint32 uid);
void put_text(const Fixture *fixture, Vault *vault, const char *mail, guint32 uid);
