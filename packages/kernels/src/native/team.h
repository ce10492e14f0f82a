/*
 * Threads that take a share each of one call's channels, or of its rows, regions or tiles, on the bytes where they lie. They are started when they are
 * first needed and kept for as long as the process lives: between two kernels of a block they wait awake for a moment,
 * then sleep. There is one team in a process; a caller that finds it at work for another thread does its work alone.
 */
#ifndef TEAM_H
#define TEAM_H

#include <stddef.h>

/* Channels, rows, regions or tiles, first ... first + count - 1 of a call. `workspace` is the share's own. */
typedef void (*share_of_call)(const void *call, int first, int count, void *workspace);

/*
 * Returns when all of them are done. The first share runs on the calling thread.
 *
 * `threads`: at most so many at once, the calling one among them; fewer where they are few or no more threads are
 * to be had.
 * `total`: of channels, rows, regions or tiles.
 * `workspace`: the calling thread's, `workspace_bytes` bytes, any content.
 */
void share_out(
    int threads, int total, share_of_call share, const void *call, void *workspace, size_t workspace_bytes);

#endif
