/** One worker thread: its own sessions, its own kernel memory, one thread inside each operator. */
import { float32, type Weights } from '@vssm/core';
import { loadRule } from '@vssm/core/rule-file';
import { serve } from '../worker/serve.ts';
import { SegmentEngine } from './engine.ts';
import type { ChunkAnswer, ChunkAsk, PoolGreeting, WorkerSetup } from './messages.ts';

await serve<WorkerSetup, ChunkAsk, ChunkAnswer, PoolGreeting>(async (setup) => {
  const { spec, plan, largestChunk, kernels, rule, contributions } = setup;
  if (rule !== undefined) await loadRule(rule.file, rule.sha256);
  const weights: Weights = new Map(
    setup.weights.map(({ name, shape, data }) => [name, float32(shape, new Float32Array(data))]),
  );
  const options = { largest: largestChunk, kernels, contributions };
  const engine = await SegmentEngine.create(spec, weights, plan, 1, options);
  return {
    greeting: { chunkSize: engine.chunkSize },
    async answer(chunk) {
      const { logits, kept, ...more } = await engine.run(chunk);
      const own = new Float32Array(logits);
      return { answer: { logits: own, kept: [...kept], ...more }, transfer: [own.buffer] };
    },
    dispose: () => engine.dispose(),
  };
});
