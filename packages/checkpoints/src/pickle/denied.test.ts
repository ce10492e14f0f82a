import { describe, expect, it } from 'vitest';
import { isDenied } from './denied.ts';

describe('isDenied', () => {
  it.each([
    ['os', 'system'],
    ['posix', 'system'],
    ['nt', 'system'],
    ['subprocess', 'Popen'],
    ['builtins', 'eval'],
    ['builtins', 'open'],
    ['builtins', '__import__'],
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
    ['torch', 'serialization.os.system'],
    ['torch', 'hub.load'],
    ['torch', 'utils.cpp_extension.load_inline'],
    ['os', 'path.os.execv'],
    ['code', 'interact'],
    ['platform', 'popen'],
    ['commands', 'getoutput'],
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
    ['builtins', 'getattr'],
    ['builtins', 'ValueError'],
    // Namesakes of modules above, as a training script's own modules are called.
    ['code', 'Args'],
    ['resource', 'Pool'],
    ['platform', 'Node'],
    ['commands.train', 'Args'],
    ['commands.train', 'run'],
    ['x.os', 'Args'],
    ['x.os', 'system'],
    ['trace', 'Loss.Kind'],
    // Data classes of the modules themselves.
    ['platform', 'uname_result'],
    ['resource', 'struct_rusage'],
    ['os', 'terminal_size'],
    ['posix', 'uname_result'],
    ['signal', 'Signals'],
    ['subprocess', 'CompletedProcess'],
    ['_io', 'BytesIO'],
    ['urllib.parse', 'ParseResult'],
    ['operator', 'itemgetter'],
    ['inspect', '_ParameterKind'],
  ])('lets %s.%s become a placeholder', (module, name) => {
    expect(isDenied(module, name)).toBe(false);
  });
});
