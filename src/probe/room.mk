# The room probe.
