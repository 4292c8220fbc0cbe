# The programs and scripts that ship beside the daemon.
