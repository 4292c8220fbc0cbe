# The room main.
