UNIT_MIME = \
	tests/unit/mime/test-address \
	tests/unit/mime/test-answer \
	tests/unit/mime/test-attachment \
	tests/unit/mime/test-autocrypt \
	tests/unit/mime/test-caltime \
	tests/unit/mime/test-icalendar \
	tests/unit/mime/test-invitation \
	tests/unit/mime/test-recurrence \
	tests/unit/mime/test-charset \
	tests/unit/mime/test-compose \
	tests/unit/mime/test-draftform \
	tests/unit/mime/test-flowed \
	tests/unit/mime/test-given \
	tests/unit/mime/test-html \
	tests/unit/mime/test-message \
	tests/unit/mime/test-rfc2047 \
	tests/unit/mime/test-rfc2231
check_PROGRAMS += $(UNIT_MIME)
TESTS += $(UNIT_MIME)

tests_unit_mime_test_address_LDADD = $(LINK_mime) $(UNIT_LIBS)
tests_unit_mime_test_answer_LDADD = $(LINK_mime) $(UNIT_LIBS)
tests_unit_mime_test_attachment_LDADD = $(LINK_mime) $(UNIT_LIBS)
tests_unit_mime_test_autocrypt_LDADD = $(LINK_mime) $(UNIT_LIBS)
tests_unit_mime_test_charset_LDADD = $(LINK_mime) $(UNIT_LIBS)
tests_unit_mime_test_compose_LDADD = $(LINK_mime) $(UNIT_LIBS)
tests_unit_mime_test_draftform_LDADD = $(LINK_mime) $(UNIT_LIBS)
tests_unit_mime_test_flowed_LDADD = $(LINK_mime) $(UNIT_LIBS)
tests_unit_mime_test_given_LDADD = $(LINK_mime) $(UNIT_LIBS)
tests_unit_mime_test_html_LDADD = $(LINK_mime) $(UNIT_LIBS)
tests_unit_mime_test_message_LDADD = $(LINK_mime) $(UNIT_LIBS)
tests_unit_mime_test_rfc2047_LDADD = $(LINK_mime) $(UNIT_LIBS)
tests_unit_mime_test_rfc2231_LDADD = $(LINK_mime) $(UNIT_LIBS)
tests_unit_mime_test_caltime_LDADD = $(LINK_mime) $(UNIT_LIBS)
tests_unit_mime_test_icalendar_LDADD = $(LINK_mime) $(UNIT_LIBS)
tests_unit_mime_test_invitation_LDADD = $(LINK_mime) $(UNIT_LIBS)
tests_unit_mime_test_recurrence_LDADD = $(LINK_mime) $(UNIT_LIBS)
