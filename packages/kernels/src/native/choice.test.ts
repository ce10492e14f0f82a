import { UserError } from '@vssm/core';
import { expect, it } from 'vitest';
import { kernelChoice } from './choice.ts';

it('is auto unless VSSM_KERNELS says otherwise', () => {
  expect(kernelChoice({})).toBe('auto');
  expect(kernelChoice({ VSSM_KERNELS: '' })).toBe('auto');
  expect(kernelChoice({ VSSM_KERNELS: 'wasm' })).toBe('wasm');
  expect(kernelChoice({ VSSM_KERNELS: 'native' })).toBe('native');
});

it('lists the choices when it is given another one', () => {
  const wrong = () => kernelChoice({ VSSM_KERNELS: 'fast' });
  expect(wrong).toThrow(UserError);
  expect(wrong).toThrow('VSSM_KERNELS "fast": expected one of auto, wasm, native');
});
