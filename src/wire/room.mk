# The room wire: DNS bytes in and out, nothing remembered.
noinst_LIBRARIES += libwire.a
libwire_a_SOURCES = \
	src/wire/compress.c src/wire/compress.h \
	src/wire/cookie.c src/wire/cookie.h \
	src/wire/message.c src/wire/message.h src/wire/message_text.c \
	src/wire/name.c src/wire/name.h src/wire/name_text.c \
	src/wire/opt.c \
	src/wire/query.c src/wire/query.h \
	src/wire/reply.c src/wire/reply.h \
	src/wire/rrset.h src/wire/rrtype.c \
	src/wire/word.h
