# The room base: words that every room shares; knows no DNS.
noinst_LIBRARIES += libbase.a
libbase_a_SOURCES = \
	src/base/addr.c src/base/addr.h \
	src/base/arena.c src/base/arena.h \
	src/base/assert.c src/base/assert.h \
	src/base/clock.c src/base/clock.h \
	src/base/counters.c src/base/counters.h \
	src/base/cursor.h \
	src/base/dict.c src/base/dict.h \
	src/base/err.c src/base/err.h \
	src/base/file.c src/base/file.h \
	src/base/hash.c src/base/hash.h \
	src/base/log.c src/base/log.h \
	src/base/text.c src/base/text.h
EXTRA_DIST += src/base/README.md
