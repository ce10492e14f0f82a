/** For tests of packages that read checkpoints. */
export * from './pickle-writer.ts';
export * from './temporary-file.ts';
export * from './zip-parts.ts';
export * from './zip-writer.ts';
