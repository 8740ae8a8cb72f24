UNIT_FETCHD = \
	tests/unit/fetchd/test-clockwatch \
	tests/unit/fetchd/test-confine \
	tests/unit/fetchd/test-deliver \
	tests/unit/fetchd/test-gss \
	tests/unit/fetchd/test-keynote \
	tests/unit/fetchd/test-link \
	tests/unit/fetchd/test-handover \
	tests/unit/fetchd/test-hook \
	tests/unit/fetchd/test-loginguard \
	tests/unit/fetchd/test-pass \
	tests/unit/fetchd/test-pass-gone \
	tests/unit/fetchd/test-pass-known \
	tests/unit/fetchd/test-pass-large \
	tests/unit/fetchd/test-pass-model \
	tests/unit/fetchd/test-patience \
	tests/unit/fetchd/test-plan \
	tests/unit/fetchd/test-record \
	tests/unit/fetchd/test-record-bounds \
	tests/unit/fetchd/test-schedule \
	tests/unit/fetchd/test-sensitive \
	tests/unit/fetchd/test-tour \
	tests/unit/fetchd/test-wire
check_PROGRAMS += $(UNIT_FETCHD)
TESTS += $(UNIT_FETCHD)

tests_unit_fetchd_test_confine_SOURCES = \
	tests/unit/fetchd/test-confine.c fetchd/confine.c fetchd/confine.h
tests_unit_fetchd_test_confine_LDADD = $(LINK_core) $(SECCOMP_LIBS) $(UNIT_LIBS)
tests_unit_fetchd_test_deliver_SOURCES = tests/unit/fetchd/test-deliver.c $(FAST_CLOCK)
tests_unit_fetchd_test_deliver_LDADD = $(LINK_fetchd) $(UNIT_LIBS)
tests_unit_fetchd_test_gss_SOURCES = tests/unit/fetchd/test-gss.c fetchd/gss.c fetchd/gss.h
tests_unit_fetchd_test_gss_CFLAGS = $(AM_CFLAGS) $(KRB5_CFLAGS)
tests_unit_fetchd_test_gss_LDADD = $(LINK_net) $(KRB5_LIBS) $(UNIT_LIBS)
tests_unit_fetchd_test_keynote_LDADD = $(LINK_fetchd) $(UNIT_LIBS)
tests_unit_fetchd_test_link_LDADD = $(LINK_fetchd) $(UNIT_LIBS)
tests_unit_fetchd_test_clockwatch_LDADD = $(LINK_fetchd) $(UNIT_LIBS)
tests_unit_fetchd_test_handover_LDADD = $(LINK_fetchd) $(UNIT_LIBS)
tests_unit_fetchd_test_hook_SOURCES = tests/unit/fetchd/test-hook.c $(FAST_CLOCK)
tests_unit_fetchd_test_hook_LDADD = $(LINK_fetchd) $(UNIT_LIBS)
tests_unit_fetchd_test_patience_LDADD = $(LINK_fetchd) $(UNIT_LIBS)
tests_unit_fetchd_test_loginguard_SOURCES = tests/unit/fetchd/test-loginguard.c $(VAULT_FIXTURE)
tests_unit_fetchd_test_loginguard_LDADD = $(LINK_fetchd) $(UNIT_LIBS)
MODEL_SERVER = tests/unit/fetchd/model-server.c tests/unit/fetchd/model-server.h $(VAULT_FIXTURE)
tests_unit_fetchd_test_pass_gone_SOURCES = tests/unit/fetchd/test-pass-gone.c $(MODEL_SERVER)
tests_unit_fetchd_test_pass_gone_LDADD = $(LINK_fetchd) $(UNIT_LIBS)
tests_unit_fetchd_test_pass_known_SOURCES = tests/unit/fetchd/test-pass-known.c $(VAULT_FIXTURE)
tests_unit_fetchd_test_pass_known_LDADD = $(LINK_fetchd) $(UNIT_LIBS)
tests_unit_fetchd_test_pass_large_SOURCES = tests/unit/fetchd/test-pass-large.c $(VAULT_FIXTURE)
tests_unit_fetchd_test_pass_large_LDADD = $(LINK_fetchd) $(UNIT_LIBS)
tests_unit_fetchd_test_pass_model_SOURCES = tests/unit/fetchd/test-pass-model.c $(MODEL_SERVER)
tests_unit_fetchd_test_pass_model_LDADD = $(LINK_fetchd) $(UNIT_LIBS)
tests_unit_fetchd_test_pass_SOURCES = tests/unit/fetchd/test-pass.c $(VAULT_FIXTURE)
tests_unit_fetchd_test_pass_LDADD = $(LINK_fetchd) $(UNIT_LIBS)
tests_unit_fetchd_test_plan_LDADD = $(LINK_fetchd) $(UNIT_LIBS)
tests_unit_fetchd_test_record_LDADD = $(LINK_fetchd) $(UNIT_LIBS)
tests_unit_fetchd_test_record_bounds_LDADD = $(LINK_fetchd) $(UNIT_LIBS)
tests_unit_fetchd_test_schedule_LDADD = $(LINK_fetchd) $(UNIT_LIBS)
tests_unit_fetchd_test_wire_LDADD = $(LINK_fetchd) $(UNIT_LIBS)
tests_unit_fetchd_test_tour_LDADD = $(LINK_fetchd) $(UNIT_LIBS)
tests_unit_fetchd_test_sensitive_LDADD = $(LINK_fetchd) $(UNIT_LIBS)
