# A unit test links its own folder and those below (LINK_*), and cmocka.
UNIT_LIBS = $(CMOCKA_LIBS)
EXTRA_DIST += tests/ATTACKS.md tests/lib/unit.sh

include tests/unit/core/local.mk
include tests/unit/policy/local.mk
include tests/unit/net/local.mk
include tests/unit/mime/local.mk
include tests/unit/archive/local.mk
include tests/unit/crypto/local.mk
include tests/unit/store/local.mk
include tests/unit/fetchd/local.mk
include tests/integration/local.mk
include tests/fuzz/local.mk
include tests/bench/local.mk
include tests/soak/local.mk

# make coverage: runs the tests; lines and branches by folder, by file in coverage.txt, and each branch that
# no test took in missed.txt.
LCOV = lcov --quiet --rc lcov_branch_coverage=1
COVERAGE_TOP = -v top="$$(cd $(srcdir) && pwd -P)/"
COVERAGE_AWK = $(AWK) $(COVERAGE_TOP) -f $(srcdir)/tests/lib/refusals.awk
COVERAGE_TABLE = $(COVERAGE_AWK) -f $(srcdir)/tests/lib/coverage.awk
EXTRA_DIST += tests/lib/coverage.awk tests/lib/missed.awk tests/lib/refusals.awk
.PHONY: coverage
if COVERAGE
coverage: all
	find . -name '*.gcda' -exec rm -f {} +
	-$(MAKE) check
	$(LCOV) --capture --directory . --output-file coverage.info
	$(COVERAGE_TABLE) -v depth=2 coverage.info >coverage.txt
	$(COVERAGE_AWK) -f $(srcdir)/tests/lib/missed.awk coverage.info >missed.txt
	@$(COVERAGE_TABLE) -v depth=1 coverage.info
else
coverage:
	@echo 'make coverage needs a build of its own: configure --enable-coverage' >&2; exit 1
endif

clean-local:
	rm -rf tests/fuzz/*.found tests/fuzz/*.broken-* tests/gnupg-homes tests/gnupg-homes.lock
	rm -f coverage.info coverage.txt missed.txt
	find . \( -name '*.gcda' -o -name '*.gcno' \) -exec rm -f {} +
