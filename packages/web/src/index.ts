export { type OpenedPage, type RunHeader, servePage } from './server/serve.ts';
