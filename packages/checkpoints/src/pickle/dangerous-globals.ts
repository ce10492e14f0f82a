/**
 * Callables that run code, start processes, change files, open connections or load further pickles: by module, the
 * exact names. Data classes of the same modules (`os.terminal_size`, `platform.uname_result`, `signal.Signals`) are
 * what honest programs save, and a user's own module may be called like one of Python's (`code`, `resource`); so
 * nothing is refused for its module alone.
 */
const operatingSystem = [
  ...['system', 'popen', 'popen2', 'popen3', 'popen4', 'startfile', 'fork', 'forkpty', 'kill', 'killpg'],
  ...['execl', 'execle', 'execlp', 'execlpe', 'execv', 'execve', 'execvp', 'execvpe', '_execvpe'],
  ...['spawnl', 'spawnle', 'spawnlp', 'spawnlpe', 'spawnv', 'spawnve', 'spawnvp', 'spawnvpe', '_spawnvef'],
  ...['posix_spawn', 'posix_spawnp', 'abort', '_exit', 'register_at_fork', 'add_dll_directory'],
  ...['remove', 'unlink', 'rmdir', 'removedirs', 'rename', 'renames', 'replace', 'link', 'symlink', 'mkfifo'],
  ...['mknod', 'mkdir', 'makedirs', 'open', 'fdopen', 'write', 'writev', 'pwrite', 'pwritev', 'sendfile'],
  ...[
    'truncate',
    'ftruncate',
    'read',
    'listdir',
    'scandir',
    'walk',
    'fwalk',
    'putenv',
    'unsetenv',
    'environ',
  ],
  ...['environb', 'getenv', 'chmod', 'fchmod', 'lchmod', 'chown', 'fchown', 'lchown', 'chdir', 'fchdir'],
  ...['chroot', 'chflags', 'setxattr', 'removexattr', 'dup2', 'close', 'closerange', 'setuid', 'setgid'],
  ...['seteuid', 'setegid', 'setreuid', 'setregid', 'setsid', 'setpgid', 'ptsname', 'pidfd_open', 'unshare'],
];

const builtins = [
  ...['eval', 'exec', 'execfile', 'compile', '__import__', 'open', 'file', 'input', 'raw_input', 'apply'],
  ...['breakpoint', 'setattr', 'delattr', 'globals', 'locals', 'vars', 'reload', '__build_class__'],
  ...['exit', 'quit', 'help', '__loader__', '__spec__', '__dict__'],
];

const unpicklers = ['load', 'loads', '_load', '_loads', 'Unpickler', '_Unpickler'];

const subprocess = [
  ...[
    'Popen',
    'run',
    'call',
    'check_call',
    'check_output',
    'getoutput',
    'getstatusoutput',
    '_args_from_interpreter_flags',
  ],
];

const imports = [
  'import_module',
  '__import__',
  '_gcd_import',
  'reload',
  'find_loader',
  'load_module',
  '_bootstrap',
];

const profilers = ['run', 'runctx', 'runcall', 'runeval', 'runfunc', 'Profile', 'Trace', 'main'];

const debuggers = [
  'run',
  'runeval',
  'runctx',
  'runcall',
  'Pdb',
  'Bdb',
  'set_trace',
  'post_mortem',
  'pm',
  'main',
];

const shell = [
  ...[
    'rmtree',
    'move',
    'copy',
    'copy2',
    'copyfile',
    'copyfileobj',
    'copymode',
    'copystat',
    'copytree',
    'chown',
  ],
  ...['make_archive', 'unpack_archive', 'register_archive_format', 'register_unpack_format'],
];

const sockets = [
  ...['socket', 'SocketType', 'create_connection', 'create_server', 'socketpair', 'fromfd', 'fromshare'],
  ...['gethostbyname', 'gethostbyaddr', 'getaddrinfo'],
];

const requests = [
  'get',
  'post',
  'put',
  'patch',
  'delete',
  'head',
  'options',
  'request',
  'Session',
  'session',
];

const foreignCode = [
  ...['CDLL', 'PyDLL', 'WinDLL', 'OleDLL', 'LibraryLoader', 'cdll', 'pydll', 'windll', 'oledll', 'pythonapi'],
  ...['CFUNCTYPE', 'PYFUNCTYPE', 'WINFUNCTYPE', 'cast', 'memmove', 'memset', 'string_at', 'wstring_at'],
  ...['dlopen', 'dlsym', 'FFI', 'py_object', 'call_function', 'call_cdeclfunction', 'PyObj_FromPtr'],
];

export const dangerousGlobals: ReadonlyMap<string, ReadonlySet<string>> = new Map(
  Object.entries({
    ...sameFor(['os', 'posix', 'nt'], operatingSystem),
    ...sameFor(['builtins', '__builtin__', '__builtins__', 'six.moves.builtins'], builtins),
    ...sameFor(['subprocess', 'subprocess32', 'asyncio.subprocess'], subprocess),
    ...sameFor(['pickle', '_pickle', 'cPickle', 'six.moves.cPickle', 'cloudpickle', 'joblib'], unpicklers),
    ...sameFor(['cloudpickle.cloudpickle', 'joblib.numpy_pickle', 'torch.serialization'], unpicklers),
    ...sameFor(['torch', 'torch.jit', 'numpy', 'numpy.lib.npyio', 'numpy.lib._npyio_impl'], unpicklers),
    ...sameFor(['importlib', 'importlib._bootstrap'], imports),
    ...sameFor(['profile', 'cProfile', 'trace'], profilers),
    ...sameFor(['pdb', 'bdb'], debuggers),
    ...sameFor(['socket', '_socket'], sockets),
    ...sameFor(['requests', 'requests.api', 'requests.sessions', 'httpx', 'aiohttp'], requests),
    ...sameFor(
      ['urllib.request', 'urllib2'],
      ['urlopen', 'urlretrieve', 'Request', 'build_opener', 'install_opener'],
    ),
    ...sameFor(['urllib'], ['urlopen', 'urlretrieve', 'URLopener', 'FancyURLopener']),
    ...sameFor(['ctypes', '_ctypes', 'ctypes.util', 'cffi', 'cffi.api'], foreignCode),
    ...sameFor(['io', '_io', 'codecs', '_pyio'], ['open', 'open_code', 'OpenWrapper', 'FileIO']),
    ...sameFor(['operator', '_operator'], ['methodcaller', 'attrgetter']),
    ...sameFor(['types'], ['FunctionType', 'LambdaType', 'CodeType', 'new_class']),
    ...sameFor(
      ['dill', 'dill._dill'],
      [...unpicklers, '_import_module', '_eval_repr', '_create_function', '_create_code'],
    ),
    ...sameFor(['marshal'], ['load', 'loads']),
    ...sameFor(['shelve'], ['open', 'DbfilenameShelf']),
    ...sameFor(['pandas', 'pandas.io.pickle'], ['read_pickle']),
    ...sameFor(['torch.hub'], ['load', 'load_state_dict_from_url', 'download_url_to_file']),
    ...sameFor(['torch.package', 'torch.package.package_importer'], ['PackageImporter']),
    ...sameFor(['torch.utils.cpp_extension'], ['load', 'load_inline']),
    ...sameFor(['shutil'], shell),
    ...sameFor(['runpy'], ['run_module', 'run_path', '_run_code', '_run_module_code', '_run_module_as_main']),
    ...sameFor(['code'], ['interact', 'InteractiveInterpreter', 'InteractiveConsole', 'compile_command']),
    ...sameFor(['codeop'], ['compile_command', 'Compile', 'CommandCompiler']),
    ...sameFor(
      ['imp'],
      ['load_source', 'load_module', 'load_compiled', 'load_dynamic', 'load_package', 'reload'],
    ),
    ...sameFor(['pkgutil'], ['resolve_name', 'get_data', 'get_loader', 'find_loader']),
    ...sameFor(['zipimport'], ['zipimporter']),
    ...sameFor(['commands'], ['getoutput', 'getstatusoutput', 'getstatus']),
    ...sameFor(['popen2'], ['popen2', 'popen3', 'popen4', 'Popen3', 'Popen4']),
    ...sameFor(['platform'], ['popen', '_popen', '_syscmd_uname', '_syscmd_file', '_syscmd_ver']),
    ...sameFor(['pty'], ['spawn', 'fork', 'openpty']),
    ...sameFor(['signal'], ['signal', 'raise_signal', 'pthread_kill', 'alarm', 'setitimer', 'siginterrupt']),
    ...sameFor(['resource'], ['setrlimit', 'prlimit']),
    ...sameFor(
      ['sys'],
      [
        'modules',
        '_getframe',
        '_current_frames',
        'settrace',
        'setprofile',
        'exit',
        'path',
        'meta_path',
        'path_hooks',
        'breakpointhook',
        'excepthook',
        'displayhook',
        'call_tracing',
        'addaudithook',
        'stdout',
        'stderr',
      ],
    ),
    ...sameFor(['timeit'], ['timeit', 'repeat', 'Timer', 'main']),
    ...sameFor(['doctest'], ['debug', 'debug_script', 'debug_src', 'testsource', 'run_docstring_examples']),
    ...sameFor(
      ['asyncio', 'asyncio.runners', 'asyncio.base_events'],
      ['run', 'create_subprocess_shell', 'create_subprocess_exec'],
    ),
    ...sameFor(
      ['multiprocessing', 'multiprocessing.context', 'multiprocessing.process'],
      ['Process', 'Pool'],
    ),
    ...sameFor(['multiprocessing.util'], ['spawnv_passfds', '_args_from_interpreter_flags']),
    ...sameFor(['threading', '_thread', 'thread'], ['Thread', 'Timer', 'start_new_thread', 'start_new']),
    ...sameFor(
      ['tempfile'],
      ['mkstemp', 'mkdtemp', 'mktemp', 'NamedTemporaryFile', 'TemporaryFile', 'TemporaryDirectory'],
    ),
    ...sameFor(['glob'], ['glob', 'iglob']),
    ...sameFor(['fileinput'], ['input', 'FileInput']),
    ...sameFor(['mmap'], ['mmap']),
    ...sameFor(['linecache'], ['getline', 'getlines', 'updatecache']),
    ...sameFor(['gc'], ['get_objects', 'get_referrers', 'get_referents']),
    ...sameFor(['inspect'], ['currentframe', 'stack', 'trace', 'getsource']),
    ...sameFor(
      ['site', 'sitecustomize'],
      ['addsitedir', 'addpackage', 'execsitecustomize', 'execusercustomize', 'main'],
    ),
    ...sameFor(['webbrowser'], ['open', 'open_new', 'open_new_tab', 'get']),
    ...sameFor(['http.client', 'httplib'], ['HTTPConnection', 'HTTPSConnection']),
    ...sameFor(['ftplib'], ['FTP', 'FTP_TLS']),
    ...sameFor(['smtplib'], ['SMTP', 'SMTP_SSL']),
    ...sameFor(['telnetlib'], ['Telnet']),
    ...sameFor(['ssl'], ['get_server_certificate', 'wrap_socket']),
    ...sameFor(
      ['pip', 'pip._internal', 'pip._internal.cli.main', 'ensurepip'],
      ['main', 'bootstrap', '_run_pip'],
    ),
    ...sameFor(['setuptools', 'distutils.core', 'setuptools._distutils.core'], ['setup', 'run_setup']),
    ...sameFor(['distutils.spawn', 'setuptools._distutils.spawn'], ['spawn']),
    ...sameFor(
      ['distutils.file_util', 'setuptools._distutils.file_util'],
      ['copy_file', 'move_file', 'write_file'],
    ),
    ...sameFor(['venv'], ['create', 'main', 'EnvBuilder']),
    ...sameFor(['idlelib.run'], ['Executive']),
    ...sameFor(['idlelib.pyshell'], ['ModifiedInterpreter']),
    ...sameFor(['pydoc'], ['pipepager', 'tempfilepager', 'locate', 'pager', 'cli']),
    ...sameFor(['logging.config'], ['dictConfig', 'fileConfig', 'listen']),
    ...sameFor(['numpy.testing._private.utils', 'numpy.testing'], ['runstring', 'rundocs']),
    ...sameFor(['yaml'], ['load', 'load_all', 'unsafe_load', 'unsafe_load_all', 'full_load']),
  }),
);

function sameFor(
  modules: readonly string[],
  names: readonly string[],
): Readonly<Record<string, ReadonlySet<string>>> {
  const set = new Set(names);
  return Object.fromEntries(modules.map((module) => [module, set]));
}

/** Attributes through which Python code walks from any object to the interpreter. */
export const dangerousAttributes: ReadonlySet<string> = new Set([
  ...['__globals__', '__builtins__', '__subclasses__', '__import__', '__code__', '__closure__', '__loader__'],
  ...['__getattribute__', 'func_globals', 'func_code', 'gi_frame', 'cr_frame', 'f_globals', 'f_locals'],
  ...['f_builtins', 'tb_frame', '__reduce__', '__reduce_ex__', '__init_subclass__', '__mro__'],
]);
