export * from './backend.ts';
export { referenceBackend } from './reference.ts';
