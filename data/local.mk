# The user's service. Made by make, for @sbindir@ knows its prefix only then.
systemduserunitdir = $(prefix)/lib/systemd/user
systemduserunit_DATA = data/postern-fetchd.service
EXTRA_DIST += data/postern-fetchd.service.in
CLEANFILES += $(systemduserunit_DATA)

data/postern-fetchd.service: data/postern-fetchd.service.in Makefile
	$(AM_V_GEN)mkdir -p data && sed 's|@sbindir[@]|$(sbindir)|' $(srcdir)/data/postern-fetchd.service.in >$@
