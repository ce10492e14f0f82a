/** What a run has given so far: answers by picture, times; and the file that is saved of it. */

import { bestClass, type Classified } from '@vssm/backend';
import { counted } from '@vssm/core';
import type { FinishedRun, ModelCard, Samples, Timing } from '../exchange.ts';
import type { Item } from './gallery.ts';
import type { ReadMaps, RunRequest } from './run.ts';
import { fetchFromServer } from './server.ts';

type StripImage = FinishedRun['strip'][number];

/** A record holds no more. */
const mostStripImages = 64;

export class Outcome {
  timings: readonly Timing[] = [];
  readonly #answers = new Map<
    Item,
    { readonly dense: Classified; readonly pruned: Classified | null; readonly read: ReadMaps | null }
  >();

  answer(item: Item, dense: Classified, pruned: Classified | null, read: ReadMaps | null): void {
    this.#answers.set(item, { dense, pruned, read });
  }

  /** How many are right dense and pruned, of the pictures whose class is known; what random weights mean instead. */
  tally({ classes, origin }: ModelCard): string {
    if (origin.from === 'random')
      return 'Random weights: what is kept and answered means nothing, only the times do.';
    const labelled = [...this.#answers].filter(([{ picture }]) => picture.sample !== null);
    if (classes === null || labelled.length === 0) return '';
    const right = (who: 'dense' | 'pruned') =>
      labelled.filter(([{ picture }, answers]) => {
        const logits = answers[who]?.logits;
        return logits !== undefined && bestClass(logits).index === picture.sample!.label;
      }).length;
    const pruned = labelled.some(([, answers]) => answers.pruned !== null);
    return `Of ${counted(labelled.length, 'sample')} the dense model gets ${right('dense')} right${pruned ? `, the pruned one ${right('pruned')}` : ''}.`;
  }

  /** JSON lines of the results schema, checked and completed by the local server. */
  async lines(
    request: RunRequest,
    model: ModelCard,
    samples: Samples,
    machine: Pick<FinishedRun, 'adapter' | 'libraries'>,
  ): Promise<string> {
    const { plan, backend, threads } = request;
    const run: FinishedRun = {
      model,
      plan,
      backend,
      threads,
      ...machine,
      timings: this.timings,
      dataset: { name: samples.name, split: samples.split },
      strip: this.#strip(model),
    };
    const response = await fetchFromServer('results', { method: 'POST', body: JSON.stringify(run) });
    return response.text();
  }

  /** Sample pictures of the model's own data set; the user's pictures stay where they are. */
  #strip({ classes, spec }: ModelCard): StripImage[] {
    if (classes === null) return [];
    const named = (index: number) => ({ index, name: classes[index] });
    const images: StripImage[] = [];
    for (const [{ picture, prepared }, { dense, pruned, read }] of this.#answers) {
      if (picture.sample === null || pruned === null) continue;
      const { width, height, data } = prepared.seen;
      images.push({
        id: picture.id,
        label: named(picture.sample.label),
        predicted: named(bestClass(pruned.logits).index),
        dense: named(bestClass(dense.logits).index),
        width,
        height,
        channels: spec.inChannels === 1 ? 1 : 3,
        pixels: base64(spec.inChannels === 1 ? data.filter((_, at) => at % 3 === 0) : data),
        kept: [...pruned.kept].map(([after, positions]) => ({
          after,
          positions: [...positions].sort((a, b) => a - b),
        })),
        ...(read !== null &&
          read.pruned !== null && { read: { dense: rounded(read.dense), pruned: rounded(read.pruned) } }),
      });
    }
    return images.slice(0, mostStripImages);
  }
}

/** Four digits are more than a picture shows. */
function rounded(map: Float64Array): number[] {
  return Array.from(map, (part) => Number(part.toPrecision(4)));
}

function base64(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += String.fromCharCode(byte);
  return btoa(text);
}

export function offerFile(name: string, content: string): void {
  const url = URL.createObjectURL(new Blob([content], { type: 'application/jsonl' }));
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
