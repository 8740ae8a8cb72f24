noinst_LIBRARIES += libpostern-net.a
libpostern_net_a_SOURCES = \
	net/certificate.c \
	net/connect.c \
	net/fetcher.c \
	net/line.c \
	net/pop3.c \
	net/pop3login.c \
	net/pop3reply.c \
	net/roll.c \
	net/sasl.c \
	net/session.c \
	net/tls.c \
	net/words.c
