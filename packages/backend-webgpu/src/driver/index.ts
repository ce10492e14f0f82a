/** Serving a page of one's own that runs models, and the browser to test it with. */
export { encodeModel } from '../wire.ts';
export { findBrowser } from './find-browser.ts';
export { launchBrowser, webgpuFlagSets } from './launch.ts';
export { type PageAnswer, type PageRequest, PageServer, type Site } from './server.ts';
