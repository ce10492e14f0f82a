/** One thread of a rival that runs apart: told a number of images, it runs them and says so. */
import { serve } from '@vssm/backend-cpu';
import { openRival, type RivalSetup } from './rival.ts';

await serve<RivalSetup, number, undefined>(async (setup) => {
  const rival = await openRival(setup, { cores: 'together', threads: 1 });
  return {
    greeting: undefined,
    async answer(images) {
      await rival.run(images);
      return { answer: undefined };
    },
    dispose: () => rival.dispose(),
  };
});
