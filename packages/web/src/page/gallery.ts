/** The pictures on the page, each with its card for the model that is chosen. */
import { UserError } from '@vssm/core';
import type { Recipe } from '@vssm/datasets/recipe';
import type { ModelCard } from '../exchange.ts';
import { Card } from './cards.ts';
import { byId } from './elements.ts';
import { filePicture, type Picture, type Prepared, preparePicture, recipeOf } from './pictures.ts';

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
  /** Of what was asked for last. */
  #items: Promise<readonly Item[]> = Promise.resolve([]);
  /** As the last model's recipe has them. */
  readonly #prepared = new WeakMap<Picture, { readonly recipe: string; readonly prepared: Prepared }>();

  constructor(samples: readonly Picture[], model: ModelCard) {
    this.#samples = samples;
    this.#pictures = samples;
    this.#model = model;
  }

  /** @throws UserError where the model takes no pictures */
  items(): Promise<readonly Item[]> {
    return this.#items;
  }

  /** @throws UserError where the model takes no pictures */
  show(model: ModelCard): Promise<void> {
    this.#model = model;
    return this.#lay();
  }

  useSamples(): Promise<void> {
    this.#pictures = [...this.#pictures.filter(({ sample }) => sample === null), ...this.#samples];
    return this.#lay();
  }

  empty(): Promise<void> {
    this.#pictures = [];
    return this.#lay();
  }

  /**
   * The user's own, before what is there; the first of them take the samples' place.
   *
   * @returns what is wrong with those that cannot be read; the others are there
   */
  async add(files: readonly File[]): Promise<readonly string[]> {
    const own = this.#pictures.filter(({ sample }) => sample === null);
    if (own.length + files.length > mostPictures) {
      throw new UserError(
        `${own.length + files.length} pictures: this page takes up to ${mostPictures}; vssm eval takes any number`,
      );
    }
    const recipe = recipeOf(this.#model.spec);
    const added: Picture[] = [];
    const wrong: string[] = [];
    for (const file of files) {
      const picture = filePicture(file);
      try {
        await this.#preparedFor(picture, recipe);
        added.push(picture);
      } catch (error) {
        if (!(error instanceof UserError)) throw error;
        wrong.push(error.message);
      }
    }
    if (added.length === 0) return wrong;
    const samples = own.length === 0 ? [] : this.#pictures.filter(({ sample }) => sample !== null);
    this.#pictures = [...own, ...added, ...samples];
    await this.#lay();
    return wrong;
  }

  async #lay(): Promise<void> {
    byId('cards').replaceChildren();
    const items = this.#prepare();
    this.#items = items;
    const cards = (await items).map(({ card }) => card.figure);
    // Another model or other pictures may have been chosen meanwhile.
    if (this.#items === items) byId('cards').replaceChildren(...cards);
  }

  async #prepare(): Promise<readonly Item[]> {
    const { spec, classes } = this.#model;
    const recipe = recipeOf(spec);
    const items: Item[] = [];
    for (const picture of this.#pictures) {
      const prepared = await this.#preparedFor(picture, recipe);
      items.push({ picture, prepared, card: new Card(picture, prepared, spec, classes) });
    }
    return items;
  }

  /** @throws UserError naming a file that cannot be read */
  async #preparedFor(picture: Picture, recipe: Recipe): Promise<Prepared> {
    const key = JSON.stringify(recipe);
    const known = this.#prepared.get(picture);
    if (known?.recipe === key) return known.prepared;
    const prepared = await preparePicture(picture, recipe);
    this.#prepared.set(picture, { recipe: key, prepared });
    return prepared;
  }
}
