# The room base.
