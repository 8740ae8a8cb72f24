# Scripts that need the whole product; each makes its own world (tests/lib/).
EXTRA_DIST += check demo .ci/run \
	tests/lib/company.sh \
	tests/lib/hostile.py \
	tests/lib/hostile.sh \
	tests/lib/hostile_imap.py \
	tests/lib/hostile_pop3.py \
	tests/lib/hostile_smtp.py \
	tests/lib/lsan.supp \
	tests/lib/make-mail.py \
	tests/lib/namespace.sh \
	tests/lib/packages \
	tests/lib/packages.sh \
	tests/lib/tap.sh
