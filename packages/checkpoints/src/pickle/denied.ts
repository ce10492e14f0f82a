/**
 * Names that no checkpoint has a reason to import. Nothing here would ever call them, but a file that asks for
 * one was made to attack whoever loads it with Python, and is refused by that name.
 */

import { UserError } from '@vssm/core';
import { quoted } from '../tensor-names.ts';

/** Modules that run code, reach the system or load further pickles; matched against a name's first part. */
const modules = new Set([
  ...['os', 'posix', 'nt', 'posixpath', 'ntpath', 'sys', 'subprocess', 'commands', 'popen2', 'pty', 'signal'],
  ...['builtins', '__builtin__', '__builtins__', 'runpy', 'code', 'codeop', 'importlib', 'imp', 'pkgutil'],
  ...['zipimport', 'pickle', 'cPickle', '_pickle', 'marshal', 'shelve', 'dill', 'cloudpickle', 'joblib'],
  ...['socket', '_socket', 'ssl', 'http', 'urllib', 'urllib2', 'requests', 'ftplib', 'smtplib', 'telnetlib'],
  ...['webbrowser', 'asyncio', 'multiprocessing', 'threading', '_thread', 'ctypes', '_ctypes', 'cffi'],
  ...['shutil', 'tempfile', 'glob', 'io', '_io', 'fileinput', 'mmap', 'resource', 'platform', 'site'],
  ...['operator', '_operator', 'timeit', 'cProfile', 'profile', 'trace', 'pdb', 'bdb', 'doctest', 'gc'],
  ...['inspect', 'linecache', 'pip', 'ensurepip', 'setuptools', 'distutils', 'venv', 'idlelib', 'pydoc'],
]);

/** The same, refused in any part of a dotted name (`torch.serialization.os.system`). */
const modulesAnywhere = new Set([
  ...['os', 'posix', 'nt', 'sys', 'subprocess', 'builtins', '__builtin__', '__builtins__', 'importlib'],
  ...['runpy', 'ctypes', 'socket', 'shutil', '__globals__', '__import__', '__subclasses__'],
]);

/** Builtins that only hold data. They are placeholders like any other name. */
const harmlessBuiltins = new Set([
  ...['set', 'frozenset', 'dict', 'list', 'tuple', 'bytes', 'bytearray', 'str', 'unicode', 'int', 'long'],
  ...['float', 'bool', 'complex', 'slice', 'range', 'xrange', 'object'],
]);

export class DeniedName extends UserError {
  constructor(module: string, name: string) {
    const global = quoted(`${module}.${name}`);
    super(`asks for ${global}, which no checkpoint needs; the file is refused, and nothing in it was run`);
  }
}

export function isDenied(module: string, name: string): boolean {
  if (module === 'builtins' || module === '__builtin__') return !harmlessBuiltins.has(name);
  const parts = `${module}.${name}`.split('.');
  if (modules.has(parts[0]) || parts.some((part) => modulesAnywhere.has(part))) return true;
  // A dotted name walks through attributes: `torch` + `hub.os.system`, `numpy` + `pickle.loads`.
  const attributes = name.split('.');
  return attributes.length > 1 && attributes.some((part) => modules.has(part));
}
