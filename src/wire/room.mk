# The room wire.
