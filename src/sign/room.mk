# The room sign: keys, signatures.
noinst_LIBRARIES += libsign.a
libsign_a_CPPFLAGS = $(AM_CPPFLAGS) $(CRYPTO_CFLAGS)
libsign_a_SOURCES = \
	src/sign/tsig.c \
	src/sign/tsig.h
EXTRA_DIST += src/sign/README.md

check_PROGRAMS += tests/unit/sign/test_tsig
tests_unit_sign_test_tsig_SOURCES = tests/unit/sign/test_tsig.c
tests_unit_sign_test_tsig_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS)
tests_unit_sign_test_tsig_LDADD = $(SIGN_LIBS) $(CMOCKA_LIBS)
