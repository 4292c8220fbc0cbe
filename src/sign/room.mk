# The room sign: keys, signatures.
noinst_LIBRARIES += libsign.a
libsign_a_CPPFLAGS = $(AM_CPPFLAGS) $(CRYPTO_CFLAGS)
libsign_a_SOURCES = \
	src/sign/tsig.c \
	src/sign/tsig.h
EXTRA_DIST += src/sign/README.md
