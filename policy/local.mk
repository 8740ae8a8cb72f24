noinst_LIBRARIES += libpostern-policy.a
libpostern_policy_a_SOURCES = \
	policy/company.c policy/company.h \
	policy/domain.c policy/domain.h \
	policy/endpoint.c policy/endpoint.h \
	policy/freemail.c \
	policy/login.c policy/login.h \
	policy/network.c policy/network.h \
	policy/outgoing.c policy/outgoing.h \
	policy/rules.c policy/rules.h \
	policy/tunnel.c policy/tunnel.h \
	policy/wkd.c policy/wkd.h
nodist_libpostern_policy_a_SOURCES = policy/freemail-list.h

# data/freemail.txt as the elements of a sorted C array.
policy/freemail-list.h: data/freemail.txt
	$(AM_V_GEN)$(MKDIR_P) policy && \
	$(SED) -e 's/#.*//' -e 's/[[:space:]]//g' -e '/^$$/d' $(srcdir)/data/freemail.txt | \
	LC_ALL=C sort -u | $(SED) -e 's/.*/"&",/' > $@.tmp && mv -f $@.tmp $@
policy/freemail.$(OBJEXT): policy/freemail-list.h
BUILT_SOURCES += policy/freemail-list.h
CLEANFILES += policy/freemail-list.h
EXTRA_DIST += data/freemail.txt
