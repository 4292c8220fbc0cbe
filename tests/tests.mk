# Plays, live tests, fuzz targets, benchmarks, and checks of the house itself.
dist_check_SCRIPTS += tests/house/layers tests/house/limits tests/house/format
include tests/fuzz/fuzz.mk
include tests/play/play.mk
include tests/bench/bench.mk
include tests/live/live.mk
