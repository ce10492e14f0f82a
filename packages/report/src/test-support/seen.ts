/** What a reader would see wrong in a page. Each function runs inside the browser, so it stands alone. */

/** Tables that are cut off at the right, by caption. */
export function clippedTables(): string[] {
  return [...document.querySelectorAll<HTMLElement>('.scroll')]
    .filter((frame) => frame.scrollWidth > frame.clientWidth)
    .map((frame) => `${frame.closest('figure')?.querySelector('figcaption')?.textContent}`);
}

/** Tables with numbers none of which is in sight before one scrolls, by caption. */
export function tablesWithoutNumbers(): string[] {
  return [...document.querySelectorAll<HTMLElement>('.scroll')]
    .filter((frame) => {
      const number = frame.querySelector('td.number');
      return (
        number !== null && number.getBoundingClientRect().right > frame.getBoundingClientRect().right + 1
      );
    })
    .map((frame) => `${frame.closest('figure')?.querySelector('figcaption')?.textContent}`);
}

/** Texts that stick out of their drawing. */
export function clippedLabels(drawings: string): string[] {
  return [...document.querySelectorAll<SVGSVGElement>(drawings)].flatMap((svg) => {
    const frame = svg.getBoundingClientRect();
    return [...svg.querySelectorAll('text')]
      .filter((text) => {
        const { left, right, top, bottom, width } = text.getBoundingClientRect();
        const out = [frame.left - left, right - frame.right, frame.top - top, bottom - frame.bottom];
        return width > 0 && Math.max(...out) > 1;
      })
      .map((text) => `${svg.closest('figure')?.id}: ${text.textContent}`);
  });
}

/** Pairs of texts of one drawing that lie on each other. */
export function overlappingLabels(drawings: string): string[] {
  return [...document.querySelectorAll<SVGSVGElement>(drawings)].flatMap((svg) => {
    const texts = [...svg.querySelectorAll('text')]
      .map((text) => ({ text, at: text.getBoundingClientRect() }))
      .filter(({ text, at }) => at.width > 0 && getComputedStyle(text).opacity !== '0');
    return texts.flatMap(({ text, at: a }, index) =>
      texts.slice(index + 1).flatMap(({ text: other, at: b }) => {
        const across = Math.min(a.right, b.right) - Math.max(a.left, b.left);
        // Lines of text stand closer than their boxes are high.
        const down = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
        const least = Math.min(a.height, b.height);
        return across > 1 && down > 0.3 * least
          ? [`${svg.closest('figure')?.id}: ${text.textContent} | ${other.textContent}`]
          : [];
      }),
    );
  });
}

/** The colours of a picture's pixels, each once. */
export async function coloursOf(url: string): Promise<string[]> {
  const picture = new Image();
  picture.src = url;
  await picture.decode();
  const canvas = new OffscreenCanvas(picture.width, picture.height).getContext('2d')!;
  canvas.drawImage(picture, 0, 0);
  const { data } = canvas.getImageData(0, 0, picture.width, picture.height);
  const colours = new Set<string>();
  for (let at = 0; at < data.length; at += 4) colours.add(data.slice(at, at + 3).join(' '));
  return [...colours];
}
