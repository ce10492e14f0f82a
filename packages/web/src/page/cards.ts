/** One card per picture: what went in, what is left of it after each pruning step, and what the models say. */

import { bestClass, type Classified } from '@vssm/backend';
import { keptCells, type ModelSpec, tokenGrid } from '@vssm/families';
import { largestOf } from '@vssm/report/heat';
import { make } from './elements.ts';
import { drawMap, drawPicture, pictureUrl } from './overlay.ts';
import type { Picture, Prepared } from './pictures.ts';
import type { ReadMaps } from './run.ts';

function percent(share: number): string {
  return share < 0.005 ? '<\u00a01\u00a0%' : `${(100 * share).toFixed(0)}\u00a0%`;
}

export class Card {
  readonly figure = make('figure');
  readonly #steps = make('div', { class: 'steps' });
  readonly #caption = make('figcaption');
  readonly #url: string;
  readonly #picture: Picture;
  readonly #prepared: Prepared;
  readonly #spec: ModelSpec;
  /** Null where classes have no names. */
  readonly #classes: readonly string[] | null;
  /** Of the picture, where its class is known and is one of the model's. */
  readonly #label: number | null;

  constructor(picture: Picture, prepared: Prepared, spec: ModelSpec, classes: readonly string[] | null) {
    this.#picture = picture;
    this.#prepared = prepared;
    this.#spec = spec;
    this.#classes = classes;
    this.#label = classes === null ? null : (picture.sample?.label ?? null);
    this.#url = pictureUrl(prepared);
    this.figure.append(this.#steps, this.#caption);
    this.clear();
  }

  /** Back to the picture alone. */
  clear(): void {
    this.#steps.replaceChildren(this.#step(null, 'as the model', 'sees it'));
    this.#caption.replaceChildren(this.#name());
  }

  show(dense: Classified, pruned: Classified | null, read: ReadMaps | null): void {
    const { height, width } = tokenGrid(this.#spec);
    const patches = height * width;
    const kept = [...(pruned?.kept ?? [])].map(([after, positions]) => {
      const cells = keptCells(this.#spec, positions);
      return this.#step(cells, `after block ${after}`, `${cells.size} of ${patches}`);
    });
    const maps = [
      ...(read === null ? [] : [this.#map('dense', read.dense)]),
      ...(read === null || read.pruned === null ? [] : [this.#map('pruned', read.pruned)]),
    ];
    this.#steps.replaceChildren(this.#step(null, 'all', `${patches} patches`), ...kept, ...maps);
    this.#caption.replaceChildren(
      this.#name(),
      ...this.#says('dense', dense),
      ...(pruned === null ? [] : this.#says('pruned', pruned)),
    );
  }

  fail(reason: string): void {
    this.#caption.replaceChildren(
      this.#name(),
      ' ',
      make('span', { class: 'wrong' }, `no answer: ${reason}`),
    );
  }

  #name(): HTMLElement {
    const { id } = this.#picture;
    return make('strong', {}, this.#label === null ? id : this.#classes![this.#label]);
  }

  #says(who: string, { logits }: Classified): (Node | string)[] {
    const { index, probability } = bestClass(logits);
    const name = this.#classes?.[index] ?? `class ${index}`;
    const text = `${who}: ${name}, ${percent(probability)}`;
    const verdict = this.#label === null ? '' : index === this.#label ? 'right' : 'mistaken';
    return [' · ', make('span', { class: verdict }, text)];
  }

  #step(kept: ReadonlySet<number> | null, ...caption: readonly string[]): HTMLElement {
    return this.#captioned(caption, (alt) => drawPicture(this.#url, this.#prepared, this.#spec, kept, alt));
  }

  /** What a model has read of each patch. */
  #map(who: string, map: Float64Array): HTMLElement {
    const caption = [`${who} reads`, `up to ${(100 * largestOf(map)).toPrecision(2)}\u00a0%`];
    return this.#captioned(caption, (alt) => drawMap(this.#url, this.#prepared, this.#spec, map, alt));
  }

  #captioned(caption: readonly string[], draw: (alt: string) => SVGSVGElement): HTMLElement {
    const drawn = draw(`${this.#picture.id}, ${caption.join(' ')}`);
    return make('div', { class: 'step' }, drawn, ...caption.map((line) => make('span', {}, line)));
  }
}
