import { UserError } from '@vssm/core';
import { describe, expect, it } from 'vitest';
import { answerImages, type ImageWork, MemoryAnswers, Unanswered } from './answer-images.ts';

interface Line {
  readonly index: number;
  readonly failed: boolean;
}

/** Six images in batches of two; what happens is written down in its order. */
function journal(work: Partial<ImageWork<number, number, Line>> = {}) {
  const events: string[] = [];
  const store = new MemoryAnswers<Line>();
  const whole: ImageWork<number, number, Line> = {
    indices: [0, 1, 2, 3, 4, 5],
    batch: 2,
    lanes: 1,
    async load(index) {
      events.push(`read ${index}`);
      return index;
    },
    async open() {
      return {
        async answer(batch) {
          const names = batch.map(({ index }) => index).join();
          events.push(`answer ${names}`);
          // As long as any reading takes.
          await new Promise((done) => setTimeout(done, 20));
          events.push(`answered ${names}`);
          return batch.map(({ image }) => 10 * image);
        },
        async dispose() {
          events.push('disposed');
        },
      };
    },
    line: (index, answer) => ({ index, failed: answer instanceof Unanswered }),
    ...work,
  };
  return { events, store, run: (stopping = () => false) => answerImages(whole, store, { stopping }) };
}

describe('answering images', () => {
  it('reads a batch while the one before it is answered, and no further ahead', async () => {
    const { events, run } = journal();
    await expect(run()).resolves.toMatchObject({ stopped: false, images: 6 });
    const at = (event: string) => events.indexOf(event);
    expect(at('read 3')).toBeLessThan(at('answered 0,1'));
    expect(at('read 4')).toBeGreaterThan(at('answered 0,1'));
    expect(at('read 5')).toBeLessThan(at('answered 2,3'));
    expect(events.at(-1)).toBe('disposed');
  });

  it('stops after the batch at work, with what was answered kept, and goes on from there', async () => {
    const { events, store, run } = journal();
    await expect(run(() => events.includes('answer 0,1'))).resolves.toMatchObject({
      stopped: true,
      images: 2,
    });
    expect(store.indices).toEqual([0, 1]);
    events.length = 0;
    await expect(run()).resolves.toMatchObject({ stopped: false, images: 4 });
    expect(events.filter((event) => event.startsWith('read'))).toEqual([
      'read 2',
      'read 3',
      'read 4',
      'read 5',
    ]);
  });

  it('goes on without an image that cannot be read, and tries it again', async () => {
    let broken = true;
    const { store, run } = journal({
      async load(index) {
        if (broken && index === 2) throw new UserError('image 2.jpg: cannot be decoded');
        return index;
      },
    });
    await expect(run()).resolves.toMatchObject({ stopped: false, images: 5 });
    expect(store.read(2)).toEqual({ index: 2, failed: true });
    broken = false;
    await expect(run()).resolves.toMatchObject({ stopped: false, images: 1 });
    expect(store.read(2)).toEqual({ index: 2, failed: false });
  });

  it('ends with a fault in reading ahead, after the batch at work', async () => {
    const { events, store, run } = journal({
      async load(index) {
        if (index === 3) throw new Error('a bug');
        return index;
      },
    });
    await expect(run()).rejects.toThrow('a bug');
    expect(store.indices).toEqual([0, 1]);
    expect(events.at(-1)).toBe('disposed');
  });

  it('leaves nothing reading behind where answering fails', async () => {
    let reading = 0;
    const { run } = journal({
      async load(index) {
        reading++;
        await new Promise((done) => setTimeout(done, 30));
        reading--;
        return index;
      },
      async open() {
        return {
          answer: () => Promise.reject(new Error('the device is gone')),
          dispose: async () => {},
        };
      },
    });
    await expect(run()).rejects.toThrow('the device is gone');
    expect(reading).toBe(0);
  });
});
