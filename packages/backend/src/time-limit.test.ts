import { expect, it } from 'vitest';
import { within } from './time-limit.ts';

const late = () => new Error('late');

it('gives the answer, or the error, of what is in time', async () => {
  expect(await within(60_000, Promise.resolve(3), late)).toBe(3);
  await expect(within(60_000, Promise.reject(new Error('own')), late)).rejects.toThrow('own');
});

it('ends at the limit where no answer comes, also where it fails afterwards', async () => {
  await expect(within(5, new Promise(() => undefined), late)).rejects.toThrow('late');
  const failing = new Promise((_, reject) => setTimeout(() => reject(new Error('afterwards')), 20));
  await expect(within(5, failing, late)).rejects.toThrow('late');
  await new Promise((resolve) => setTimeout(resolve, 40));
});
