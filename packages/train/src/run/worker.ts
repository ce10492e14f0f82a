/** One worker thread: its own engine, one micro-batch at a time. */
import { serve } from '@vssm/backend-cpu';
import { loadRule } from '@vssm/core/rule-file';
import { GradientEngine } from '../engine/engine.ts';
import type { MicroAnswer, MicroAsk, WorkerSetup } from './messages.ts';

await serve<WorkerSetup, MicroAsk, MicroAnswer>(async (setup) => {
  if (setup.rule !== undefined) await loadRule(setup.rule.file, setup.rule.sha256);
  const engine = await GradientEngine.create(setup.engine);
  const parameters = new Float32Array(setup.parameters);
  const { size } = engine.layout;
  let current = -1;
  return {
    greeting: undefined,
    async answer({ micro, slot, version }) {
      if (version !== current) engine.setParameters(parameters);
      current = version;
      const { loss, logits } = engine.run(micro);
      new Float32Array(setup.gradients, 4 * size * slot, size).set(engine.gradients);
      const own = new Float32Array(logits);
      return { answer: { loss, logits: own }, transfer: [own.buffer] };
    },
    dispose: async () => {},
  };
});
