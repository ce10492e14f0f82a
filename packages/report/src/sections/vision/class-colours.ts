/** Which class has which colour in the pictures of one image: the first ones have their own, the others share one. */
import { type Colour, classColours, colour } from '../../palette.ts';

const others: Colour = 'other';

export class ClassColours {
  readonly #places: ReadonlyMap<number, number>;

  /** @param classes indices, the most important first */
  constructor(classes: readonly number[]) {
    const distinct = [...new Set(classes)].slice(0, classColours.length);
    this.#places = new Map(distinct.map((index, place) => [index, place]));
  }

  /** Those with a colour of their own. */
  get own(): readonly number[] {
    return [...this.#places.keys()];
  }

  /** As CSS. */
  of(index: number): string {
    const place = this.#places.get(index);
    return colour(place === undefined ? others : classColours[place]);
  }

  /** What the classes without a colour of their own are drawn in. */
  get shared(): string {
    return colour(others);
  }
}
