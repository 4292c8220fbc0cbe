/*
 * launch.h: where the program that is started meets the daemon that it loads.
 */
#ifndef MERIDIAN_MAIN_LAUNCH_H
#define MERIDIAN_MAIN_LAUNCH_H

#define LAUNCH_OBJECT "meridiand.so"
#define LAUNCH_SYMBOL "meridiand_main"

/* What main is to other programs; HUP, TERM, INT and USR1 are blocked, PIPE is ignored. */
typedef int launch_main(int argc, char **argv);
__attribute__((visibility("default"))) launch_main meridiand_main;

#endif
