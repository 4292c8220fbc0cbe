# The room snap.
