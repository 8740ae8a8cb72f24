noinst_LIBRARIES += libpostern-net.a
libpostern_net_a_SOURCES = \
	net/certificate.c \
	net/line.c \
	net/sasl.c \
	net/session.c \
	net/tls.c
