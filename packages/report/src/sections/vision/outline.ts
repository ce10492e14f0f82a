/**
 * Outlines of pixels as SVG paths. The border runs along the edges of the pixels, with the inside on its right; where
 * two pixels touch at a corner only, it turns so that they stay apart. Holes are separate loops, the other way
 * round, so that either fill rule leaves them empty.
 */

/** Steps of one pixel: right, down, left, up. */
const dx = [1, 0, -1, 0];
const dy = [0, 1, 0, -1];

/**
 * @param inside of the pixel with this raster index
 * @returns in pixels from the top left corner; empty where nothing is inside
 */
export function outlinePath(inside: (pixel: number) => boolean, width: number, height: number): string {
  const edges = edgesAround(inside, width, height);
  const across = width + 1;
  let path = '';
  for (let start = 0; start < edges.length; start++) {
    while (edges[start] !== 0) path += loop(edges, start, across);
  }
  return path;
}

/** By corner of the pixel grid: bit d is set where the border leaves it in direction d. */
function edgesAround(inside: (pixel: number) => boolean, width: number, height: number): Uint8Array {
  const edges = new Uint8Array((width + 1) * (height + 1));
  const at = (x: number, y: number) => x >= 0 && x < width && y >= 0 && y < height && inside(y * width + x);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      if (!inside(y * width + x)) continue;
      const corner = y * (width + 1) + x;
      if (!at(x, y - 1)) edges[corner] |= 1;
      if (!at(x + 1, y)) edges[corner + 1] |= 2;
      if (!at(x, y + 1)) edges[corner + width + 2] |= 4;
      if (!at(x - 1, y)) edges[corner + width + 1] |= 8;
    }
  }
  return edges;
}

/** Follows one loop and takes its edges away. The first corner in raster order is a turn of its loop. */
function loop(edges: Uint8Array, start: number, across: number): string {
  const first = [0, 1, 2, 3].find((d) => (edges[start] & (1 << d)) !== 0)!;
  let corner = start;
  let direction = first;
  let path = `M${start % across} ${Math.floor(start / across)}`;
  for (;;) {
    edges[corner] &= ~(1 << direction);
    corner += dx[direction] + dy[direction] * across;
    if (corner === start && (edges[corner] === 0 || (direction + 1) % 4 === first)) return `${path}z`;
    // Where there is a choice, to the right.
    const next = [1, 0, 3]
      .map((turn) => (direction + turn) % 4)
      .find((d) => (edges[corner] & (1 << d)) !== 0)!;
    if (next !== direction) {
      path += direction % 2 === 0 ? `H${corner % across}` : `V${Math.floor(corner / across)}`;
    }
    direction = next;
  }
}
