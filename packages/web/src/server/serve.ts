/** The page's local server: on 127.0.0.1, under a path that nobody else can guess. Nothing leaves this machine. */
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { type PageAnswer, type PageRequest, PageServer } from '@vssm/backend-webgpu/server';
import { UserError } from '@vssm/core';
import { paletteCss } from '@vssm/report/palette';
import type { FinishedRun, Setup } from '../exchange.ts';
import { ServedModels } from './models.ts';
import { type RunHeader, resultLines } from './records.ts';
import { fashionMnistSamples } from './samples.ts';

export type { RunHeader } from './records.ts';

export interface OpenedPage {
  readonly url: string;
  close(): Promise<void>;
}

/** A run with its strip of sample pictures is far smaller. */
const largestRun = 32 * 2 ** 20;

const asset = (name: string) => readFile(new URL(`../../assets/${name}`, import.meta.url), 'utf8');
const script = (name: string) => fileURLToPath(new URL(`../page/${name}`, import.meta.url));

/**
 * @param header what saved results say of this program and machine
 * @param port 0: of the system's choosing
 * @throws UserError where the port cannot be had
 */
export async function servePage(header: RunHeader, port = 0): Promise<OpenedPage> {
  const samples = await fashionMnistSamples();
  const models = await ServedModels.open(samples.classes);
  const setup: Setup = { embedded: models.embedded, samples };
  const style = await styleSheet();

  const answer = async ({ method, folder, file, body }: PageRequest): Promise<PageAnswer | undefined> => {
    switch (`${method} ${folder}`) {
      case 'GET style.css':
        return text('text/css; charset=utf-8', style);
      case 'GET alive':
        return text('text/plain', '');
      case 'GET setup.json':
        return json(setup);
      case 'GET weights': {
        const parts = models.frame(file);
        return parts && { status: 200, type: 'application/octet-stream', parts };
      }
      case 'POST checkpoints':
        return json(await models.receive(decodeURIComponent(file ?? ''), body));
      case 'POST results':
        return text('application/jsonl', resultLines(await finishedRun(body), header, new Date()));
      default:
        return undefined;
    }
  };

  const site = {
    html: await asset('page.html'),
    entries: [script('main.ts'), script('worker.ts')],
    answer: (request: PageRequest) => answer(request).catch(refusal),
  };
  const server = await PageServer.start(site, port).catch((error: NodeJS.ErrnoException) => {
    const why = { EADDRINUSE: 'is in use', EACCES: 'is not open to this account' }[error.code ?? ''];
    throw why === undefined ? error : new UserError(`port ${port} ${why}; choose another, or 0 for any`);
  });
  return { url: server.url, close: () => server.close() };
}

async function styleSheet(): Promise<string> {
  const shared = await readFile(fileURLToPath(import.meta.resolve('@vssm/report/assets/page.css')), 'utf8');
  return [paletteCss(), shared, await asset('page.css'), await asset('results.css')].join('\n');
}

async function finishedRun(body: AsyncIterable<Uint8Array>): Promise<FinishedRun> {
  const pieces: Uint8Array[] = [];
  let bytes = 0;
  for await (const piece of body) {
    bytes += piece.byteLength;
    if (bytes > largestRun) throw new UserError(`a run of more than ${largestRun} bytes is not saved`);
    pieces.push(piece);
  }
  return JSON.parse(Buffer.concat(pieces).toString('utf8')) as FinishedRun;
}

/** What the user can fix is told; the rest is our bug. */
function refusal(error: unknown): PageAnswer {
  if (!(error instanceof UserError)) throw error;
  return { ...text('text/plain; charset=utf-8', error.message), status: 422 };
}

function json(value: unknown): PageAnswer {
  return text('application/json', JSON.stringify(value));
}

function text(type: string, content: string): PageAnswer {
  return { status: 200, type, parts: [new TextEncoder().encode(content)] };
}
