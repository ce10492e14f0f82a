/** Copies a large array each time it is told to, and answers with the ms that it took. */
import { serve } from '@vssm/backend-cpu';

await serve<{ readonly bytes: number }, 'copy', number>(async ({ bytes }) => {
  const from = new Float32Array(bytes / 4).fill(1);
  const to = new Float32Array(bytes / 4).fill(2);
  return {
    greeting: undefined,
    async answer() {
      const started = performance.now();
      to.set(from);
      return { answer: performance.now() - started };
    },
    dispose: async () => {},
  };
});
