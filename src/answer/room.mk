# The room answer: a query → its reply.
noinst_LIBRARIES += libanswer.a
libanswer_a_SOURCES = \
	src/answer/additional.c \
	src/answer/answer.c \
	src/answer/answer.h \
	src/answer/chaos.c \
	src/answer/exchange.h \
	src/answer/explain.c \
	src/answer/explain.h \
	src/answer/find.c \
	src/answer/proof.c \
	src/answer/respond.c \
	src/answer/steer.c \
	src/answer/trace.h \
	src/answer/transfer.c \
	src/answer/transfer.h
EXTRA_DIST += src/answer/README.md
