# The programs and scripts that ship beside the daemon.
EXTRA_DIST += tools/install-deps tools/check tools/geodata tools/countries
