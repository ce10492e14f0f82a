/** One worker thread: a detector or segmenter of its own, one thread inside each operator, one image at a time. */
import { type KeptWatch, serve } from '@vssm/backend-cpu';
import { float32, type Weights } from '@vssm/core';
import { openHead } from './heads/index.ts';
import type { AnsweredImage, KeptStep, VisionAsk, VisionSetup } from './messages.ts';
import { PartTimes } from './part-times.ts';

await serve<VisionSetup, VisionAsk, AnsweredImage>(async ({ spec, plan, weights: shared }) => {
  const weights: Weights = new Map(
    shared.map(({ name, shape, data }) => [name, float32(shape, new Float32Array(data))]),
  );
  const times = new PartTimes();
  let steps: KeptStep[] = [];
  const kept: KeptWatch = (after, { positions, live }) => {
    steps.push({
      after,
      cells: live === undefined ? positions : positions.filter((_, i) => live[i] === 1),
    });
  };
  const model = await openHead(spec, weights, plan, { threads: 1, stopwatch: times.lap, kept });
  return {
    greeting: undefined,
    async answer(ask) {
      steps = [];
      times.start();
      const answer = await model.answer(ask);
      return { answer: { answer, kept: steps, ms: times.taken() } };
    },
    dispose: () => model.dispose(),
  };
});
