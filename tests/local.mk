# A unit test links its own folder and those below (LINK_*), and cmocka.
UNIT_LIBS = $(CMOCKA_LIBS)

include tests/unit/core/local.mk
include tests/unit/policy/local.mk
include tests/unit/net/local.mk
include tests/unit/mime/local.mk
include tests/unit/crypto/local.mk
include tests/unit/store/local.mk
include tests/unit/fetchd/local.mk
include tests/integration/local.mk
include tests/fuzz/local.mk
