noinst_LIBRARIES += libpostern-mime.a
libpostern_mime_a_SOURCES = \
	mime/address.c mime/address.h \
	mime/address-strict.c \
	mime/answer.c mime/answer.h \
	mime/attachment.c mime/attachment.h \
	mime/autocrypt.c mime/autocrypt.h \
	mime/body.c \
	mime/caltime.c mime/caltime.h \
	mime/carry.c mime/carry.h \
	mime/charset.c mime/charset.h \
	mime/charset-name.c mime/charset-name.h \
	mime/compose.c mime/compose.h \
	mime/digest.c \
	mime/draftform.c mime/draftform.h \
	mime/entity.c mime/entity.h \
	mime/flowed.c mime/flowed.h \
	mime/given.c mime/given.h \
	mime/html.c mime/html.h \
	mime/html-entity.c mime/html-entity.h \
	mime/icalendar.c mime/icalendar.h \
	mime/invitation.c mime/invitation.h mime/invitation-answer.c \
	mime/message.c mime/message.h \
	mime/recurrence.c mime/recurrence.h \
	mime/rfc2047.c mime/rfc2047.h \
	mime/rfc2231.c mime/rfc2231.h \
	mime/transfer.c mime/transfer.h \
	mime/writer.c mime/writer.h
