# The room control.
