# The room geo.
