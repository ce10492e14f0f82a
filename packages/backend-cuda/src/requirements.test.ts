import { describe, expect, it } from 'vitest';
import { inOneLine, type Machine, missingFor } from './requirements.ts';

const complete: Machine = { platform: 'linux', arch: 'x64', canLoad: () => true, providerInstalled: true };
const without =
  (...libraries: string[]) =>
  (library: string) =>
    !libraries.includes(library);

describe('what CUDA needs', () => {
  it('is all there on a complete machine', () => {
    expect(missingFor(complete)).toEqual([]);
  });

  it.each([
    ['darwin', 'arm64'],
    ['linux', 'arm64'],
    ['win32', 'x64'],
  ])('is never there on %s %s, whatever is installed', (platform, arch) => {
    const missing = missingFor({ ...complete, platform, arch });
    expect(missing.map(({ what }) => what)).toEqual(['platform']);
    expect(missing[0].reason).toContain(`${platform} ${arch}`);
  });

  it('names the one thing that is missing, and what to do about it', () => {
    const [driver] = missingFor({ ...complete, canLoad: without('libcuda.so.1') });
    expect(driver).toMatchObject({ what: 'driver', fix: expect.stringContaining('nvidia-smi') });
    const [provider] = missingFor({ ...complete, providerInstalled: false });
    expect(provider.what).toBe('provider');
    expect(provider.fix).toMatch(
      /ONNXRUNTIME_NODE_INSTALL=true node .*onnxruntime-node[/\\]script[/\\]install\.js/,
    );
    const [libraries] = missingFor({ ...complete, canLoad: without('libcudnn.so.9') });
    expect(libraries.reason).toBe('cuDNN 9 cannot be loaded (libcudnn.so.9)');
  });

  it('names everything that is missing at once', () => {
    const missing = missingFor({ ...complete, canLoad: () => false, providerInstalled: false });
    expect(missing.map(({ what }) => what)).toEqual(['driver', 'provider', 'libraries']);
    const { reason, fix } = inOneLine(missing);
    expect(reason).toContain('CUDA 12 and cuDNN 9 cannot be loaded (libcudart.so.12, ');
    expect(fix.split('; then ')).toHaveLength(3);
  });
});
