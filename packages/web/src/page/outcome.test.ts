/** What leaves the page when a run is saved. */

import type { Classified } from '@vssm/backend';
import { pruningPlan, vimSpec } from '@vssm/families';
import { afterEach, expect, it, vi } from 'vitest';
import type { FinishedRun, ModelCard } from '../exchange.ts';
import type { Item } from './gallery.ts';
import { Outcome } from './outcome.ts';
import type { RunRequest } from './run.ts';

afterEach(() => vi.unstubAllGlobals());

const spec = vimSpec({
  width: 16,
  depth: 2,
  imageHeight: 2,
  imageWidth: 2,
  patchSize: 1,
  stride: 1,
  inChannels: 1,
  classes: 2,
});
const card: ModelCard = {
  name: 'made up',
  spec,
  origin: { from: 'checkpoint', file: 'a.pth', sha256: '0'.repeat(64) },
  classes: ['cat', 'dog'],
  ignored: [],
};
const request: RunRequest = {
  source: { from: 'server', id: 'x' },
  spec,
  plan: pruningPlan({ schedule: [{ after: 1, keep: 0.5 }] }),
  backend: 'wasm',
  threads: 1,
  explained: null,
  batch: 1,
  rounds: 0,
  pictures: [],
};

function item(id: string, label: number | null): Item {
  const seen = { width: 2, height: 2, data: Uint8Array.from([1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 4]) };
  const sample = label === null ? null : { index: 7, label };
  const picture: Item['picture'] = { id, read: async () => seen, sample };
  return { picture, prepared: { seen, pixels: new Float32Array(4) } } as Item;
}

const answer = (best: number): Classified => ({
  logits: Float32Array.from([0, 1].map((index) => (index === best ? 3 : 0))),
  kept: new Map([[1, Int32Array.from([2, 0, 4])]]),
});

it('holds samples with their answers, and no picture of the user', async () => {
  const sent: FinishedRun[] = [];
  vi.stubGlobal('fetch', async (_: URL, { body }: { body: string }) => {
    sent.push(JSON.parse(body));
    return new Response('lines');
  });
  const outcome = new Outcome();
  const read = { dense: Float64Array.from([0.123456, 0, 0.5, 0.3]), pruned: Float64Array.from([0, 0, 1, 0]) };
  outcome.answer(item('private.jpg', null), answer(0), answer(0), read);
  outcome.answer(item('t10k-00007', 1), answer(1), answer(0), read);
  expect(outcome.tally(card)).toBe('Of 1 sample the dense model gets 1 right, the pruned one 0.');
  const samples = { name: 'Cats and dogs', split: 'test', classes: [], images: [] };
  expect(await outcome.lines(request, card, samples, { adapter: null, libraries: {} })).toBe('lines');
  expect(sent[0].strip).toEqual([
    {
      id: 't10k-00007',
      label: { index: 1, name: 'dog' },
      predicted: { index: 0, name: 'cat' },
      dense: { index: 1, name: 'dog' },
      width: 2,
      height: 2,
      channels: 1,
      pixels: 'AQIDBA==',
      kept: [{ after: 1, positions: [0, 2, 4] }],
      read: { dense: [0.1235, 0, 0.5, 0.3], pruned: [0, 0, 1, 0] },
    },
  ]);
  expect(JSON.stringify(sent)).not.toContain('private');
});

it('says that answers of random weights mean nothing', () => {
  expect(new Outcome().tally({ ...card, origin: { from: 'random', seed: 0 } })).toMatch(/^Random weights/);
});
