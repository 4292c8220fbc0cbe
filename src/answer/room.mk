# The room answer.
