/** Words on pictures: letters from a drawn alphabet (assets/letters.png; assets/NOTE.md says whose), without fonts. */
import { readFileSync } from 'node:fs';
import { decodeImage, type RgbImage } from '@vssm/datasets';

/** Where each letter stands in the alphabet's picture, pixels; all are as high as the picture. */
interface Alphabet {
  readonly letters: string;
  /** Left edge of every letter, and the right edge of the last. */
  readonly edges: readonly number[];
}

export class Lettering {
  readonly #picture: RgbImage;
  readonly #places: ReadonlyMap<string, readonly [left: number, width: number]>;

  static async open(): Promise<Lettering> {
    const file = (name: string) => new URL(`../../assets/${name}`, import.meta.url);
    const alphabet = JSON.parse(readFileSync(file('letters.json'), 'utf8')) as Alphabet;
    const picture = await decodeImage(readFileSync(file('letters.png')), 'letters.png');
    return new Lettering(picture, alphabet);
  }

  constructor(picture: RgbImage, { letters, edges }: Alphabet) {
    this.#picture = picture;
    this.#places = new Map(
      [...letters].map((letter, i) => [letter, [edges[i], edges[i + 1] - edges[i]]] as const),
    );
  }

  /** Height of a line, pixels. */
  get height(): number {
    return this.#picture.height;
  }

  /** The text as far as it fits into so many pixels, with an ellipsis where it does not. */
  fitting(text: string, width: number): string {
    if (this.width(text) <= width) return text;
    const letters = [...text];
    while (letters.length > 0 && this.width(`${letters.join('')}…`) > width) letters.pop();
    return `${letters.join('').trimEnd()}…`;
  }

  /** Pixels. */
  width(text: string): number {
    return this.#letters(text).reduce((sum, [, width]) => sum + width, 0);
  }

  /** Draws a text with its upper left corner at x, y. */
  draw(onto: RgbImage, text: string, x: number, y: number, colour: readonly [number, number, number]): void {
    let at = x;
    for (const [left, width] of this.#letters(text)) {
      for (let row = 0; row < this.height; row++) {
        for (let column = 0; column < width; column++) {
          const ink = this.#picture.data[3 * (row * this.#picture.width + left + column)] / 255;
          const [px, py] = [at + column, y + row];
          if (ink === 0 || px < 0 || px >= onto.width || py < 0 || py >= onto.height) continue;
          const to = 3 * (py * onto.width + px);
          for (let channel = 0; channel < 3; channel++) {
            onto.data[to + channel] += ink * (colour[channel] - onto.data[to + channel]);
          }
        }
      }
      at += width;
    }
  }

  /** A letter that the alphabet lacks becomes the one that it is made of, or a question mark. */
  #letters(text: string): (readonly [left: number, width: number])[] {
    return [...text.normalize('NFC')].map((letter) => {
      const plain = letter.normalize('NFKD')[0];
      return this.#places.get(letter) ?? this.#places.get(plain) ?? this.#places.get('?')!;
    });
  }
}
