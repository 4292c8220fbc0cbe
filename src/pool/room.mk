# The room pool: who could answer, who is well, who is picked.
noinst_LIBRARIES += libpool.a
libpool_a_SOURCES = \
	src/pool/agree.c \
	src/pool/board.c src/pool/board.h src/pool/board_inside.h \
	src/pool/carry.c \
	src/pool/client_hash.h \
	src/pool/compose.c \
	src/pool/datacenters.c \
	src/pool/follow.c \
	src/pool/freeze.c \
	src/pool/judge.c \
	src/pool/keep.c \
	src/pool/limit.c src/pool/limit.h \
	src/pool/need.c \
	src/pool/override.c \
	src/pool/pick.c src/pool/pick.h \
	src/pool/policy.c src/pool/policy.h \
	src/pool/ramp.c \
	src/pool/render.c \
	src/pool/restore.c \
	src/pool/score_table.h \
	src/pool/service.h \
	src/pool/soon.c \
	src/pool/spill.c \
	src/pool/state.c \
	src/pool/tell.c \
	src/pool/wait.c \
	src/pool/weights.c src/pool/weights.h
EXTRA_DIST += src/pool/README.md

POOL_TEST_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS) -I$(top_srcdir)/tests/unit/pool
POOL_TEST_LDADD = $(POOL_LIBS) $(CMOCKA_LIBS)
check_PROGRAMS += tests/unit/pool/test_board
tests_unit_pool_test_board_SOURCES = tests/unit/pool/test_board.c tests/unit/pool/world.c tests/unit/pool/world.h
tests_unit_pool_test_board_CPPFLAGS = $(POOL_TEST_CPPFLAGS)
tests_unit_pool_test_board_LDADD = $(POOL_TEST_LDADD)
check_PROGRAMS += tests/unit/pool/test_pick tests/unit/pool/test_property tests/unit/pool/test_state
tests_unit_pool_test_pick_SOURCES = tests/unit/pool/test_pick.c tests/unit/pool/world.c tests/unit/pool/world.h
tests_unit_pool_test_pick_CPPFLAGS = $(POOL_TEST_CPPFLAGS)
tests_unit_pool_test_pick_LDADD = $(POOL_TEST_LDADD) -lm
tests_unit_pool_test_property_SOURCES = tests/unit/pool/test_property.c tests/unit/pool/world.c tests/unit/pool/world.h
tests_unit_pool_test_property_CPPFLAGS = $(POOL_TEST_CPPFLAGS)
tests_unit_pool_test_property_LDADD = $(POOL_TEST_LDADD)
tests_unit_pool_test_state_SOURCES = tests/unit/pool/test_state.c tests/unit/pool/world.c tests/unit/pool/world.h
tests_unit_pool_test_state_CPPFLAGS = $(POOL_TEST_CPPFLAGS)
tests_unit_pool_test_state_LDADD = $(POOL_TEST_LDADD)
check_PROGRAMS += tests/unit/pool/test_limit
tests_unit_pool_test_limit_SOURCES = tests/unit/pool/test_limit.c tests/unit/pool/world.c tests/unit/pool/world.h
tests_unit_pool_test_limit_CPPFLAGS = $(POOL_TEST_CPPFLAGS)
tests_unit_pool_test_limit_LDADD = $(POOL_TEST_LDADD)
check_PROGRAMS += tests/unit/pool/test_compose
tests_unit_pool_test_compose_CPPFLAGS = $(POOL_TEST_CPPFLAGS)
tests_unit_pool_test_compose_LDADD = $(POOL_TEST_LDADD)
