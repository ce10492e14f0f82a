/*
 * The kernels over some of a call's channels, the others over some of their rows, for share_out: `call` is their own struct.
 * A product by a packed matrix goes by columns where there are enough, which are channels too: what a thread computes it
 * reads again.
 */
#ifndef SHARES_H
#define SHARES_H

void share_of_conv(const void *call, int first, int count, void *workspace);
void share_of_scan(const void *call, int first, int count, void *workspace);
void share_of_reader_weights(const void *call, int first, int count, void *workspace);
void share_of_contributions(const void *call, int first, int count, void *workspace);
void share_of_reduction(const void *call, int first, int count, void *workspace);
void share_of_grid(const void *call, int first, int count, void *workspace);
void share_of_snake(const void *call, int first, int count, void *workspace);
void share_of_matmul(const void *call, int first, int count, void *workspace);
void share_of_packed(const void *call, int first, int count, void *workspace);
void share_of_deformable(const void *call, int first, int count, void *workspace);
void share_of_roi_align(const void *call, int first, int count, void *workspace);
void share_of_winograd(const void *call, int first, int count, void *workspace);

#endif
