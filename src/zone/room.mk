# The room zone.
