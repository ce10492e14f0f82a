import { describe, expect, it } from 'vitest';
import { isDenied } from './denied.ts';

describe('isDenied', () => {
  it.each([
    ['os', 'system'],
    ['posix', 'system'],
    ['nt', 'system'],
    ['subprocess', 'Popen'],
    ['builtins', 'eval'],
    ['builtins', 'getattr'],
    ['builtins', 'print'],
    ['__builtin__', 'exec'],
    ['sys', 'modules'],
    ['runpy', '_run_code'],
    ['socket', 'socket'],
    ['shutil', 'rmtree'],
    ['importlib', 'import_module'],
    ['pickle', 'loads'],
    ['ctypes', 'CDLL'],
    ['multiprocessing.util', 'spawnv_passfds'],
    ['operator', 'methodcaller'],
    ['torch', 'os.system'],
    ['torch.serialization.os', 'system'],
    ['torch.hub', 'pickle.loads'],
    ['collections', 'OrderedDict.__init__.__globals__'],
  ])('refuses %s.%s', (module, name) => {
    expect(isDenied(module, name)).toBe(true);
  });

  it.each([
    ['collections', 'OrderedDict'],
    ['torch._utils', '_rebuild_tensor_v2'],
    ['torch', 'FloatStorage'],
    ['argparse', 'Namespace'],
    ['pathlib', 'PosixPath'],
    ['_codecs', 'encode'],
    ['numpy.core.multiarray', 'scalar'],
    ['torch.optim.adamw', 'AdamW'],
    ['scipy.signal', 'firwin'],
    ['__builtin__', 'set'],
    ['builtins', 'complex'],
    ['copy_reg', '_reconstructor'],
  ])('lets %s.%s become a placeholder', (module, name) => {
    expect(isDenied(module, name)).toBe(false);
  });
});
