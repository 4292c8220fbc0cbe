# The room pool.
