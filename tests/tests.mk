# Plays, live tests, fuzz targets, benchmarks, and checks of the house itself.
