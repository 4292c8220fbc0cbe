# The room serve.
