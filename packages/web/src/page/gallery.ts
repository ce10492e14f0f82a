/** The pictures on the page, each with its card for the model that is chosen. */
import { UserError } from '@vssm/core';
import type { ModelCard } from '../exchange.ts';
import { Card } from './cards.ts';
import { byId } from './elements.ts';
import { decodePicture, type Picture, type Prepared, preparePicture } from './pictures.ts';

/** More are a data set, for which there is `vssm eval`. */
const mostPictures = 200;

export interface Item {
  readonly picture: Picture;
  readonly prepared: Prepared;
  readonly card: Card;
}

export class Gallery {
  readonly #samples: readonly Picture[];
  #pictures: readonly Picture[];
  #model: ModelCard;
  #items: readonly Item[] = [];

  constructor(samples: readonly Picture[], model: ModelCard) {
    this.#samples = samples;
    this.#pictures = samples;
    this.#model = model;
    this.#lay();
  }

  get items(): readonly Item[] {
    return this.#items;
  }

  /** @throws UserError where the model takes no pictures */
  show(model: ModelCard): void {
    this.#model = model;
    this.#lay();
  }

  useSamples(): void {
    this.#pictures = [...this.#pictures.filter(({ sample }) => sample === null), ...this.#samples];
    this.#lay();
  }

  empty(): void {
    this.#pictures = [];
    this.#lay();
  }

  /** The user's own, before what is there; the first of them take the samples' place. */
  async add(files: readonly File[]): Promise<void> {
    const own = this.#pictures.filter(({ sample }) => sample === null);
    if (own.length + files.length > mostPictures) {
      throw new UserError(
        `${own.length + files.length} pictures: this page takes up to ${mostPictures}; vssm eval takes any number`,
      );
    }
    const added: Picture[] = [];
    for (const file of files) added.push(await decodePicture(file));
    const samples = own.length === 0 ? [] : this.#pictures.filter(({ sample }) => sample !== null);
    this.#pictures = [...own, ...added, ...samples];
    this.#lay();
  }

  #lay(): void {
    const { spec, classes } = this.#model;
    this.#items = [];
    byId('cards').replaceChildren();
    this.#items = this.#pictures.map((picture) => {
      const prepared = preparePicture(picture, spec);
      return { picture, prepared, card: new Card(picture, prepared, spec, classes) };
    });
    byId('cards').replaceChildren(...this.#items.map(({ card }) => card.figure));
  }
}
