/** The driven page: answers the commands of wire.ts. Models stay here between commands, under the driver's names. */
import { type ErrorMessage, errorMessage } from '../error-message.ts';
import {
  type Answer,
  type Command,
  decodeChunk,
  decodeModel,
  encodePrediction,
  type Given,
} from '../wire.ts';
import { pageEngine } from './engines.ts';
import type { PageModel, PageSources } from './model.ts';

const sources: PageSources = {
  runtime: new URL('runtime/', import.meta.url).href,
  kernels: () => fetchBytes('kernels.wasm'),
};

const models = new Map<string, PageModel>();

/** Commands run one after another: the runtime allows one call at a time. */
let last: Promise<unknown> = Promise.resolve();

function inTurn(command: Command): Promise<Answer> {
  const answer = last.then(async (): Promise<Answer> => {
    try {
      return { ok: true, value: await perform(command) };
    } catch (error) {
      return { ok: false, error: errorMessage(error) satisfies ErrorMessage };
    }
  });
  last = answer;
  return answer;
}

async function perform(command: Command): Promise<Given> {
  switch (command.command) {
    case 'probe':
      return { details: await (await pageEngine(command.backend)).probe(sources) };
    case 'load': {
      const model = decodeModel(await fetchBytes(`offers/${command.offer}`));
      const { load } = await pageEngine(command.backend);
      const loaded = await load(model, sources, command.threads);
      models.set(command.model, loaded);
      return { chunkSize: loaded.chunkSize };
    }
    case 'reacquire':
      await modelOf(command.model).reacquire();
      return {};
    case 'run': {
      const chunk = decodeChunk(await fetchBytes(`offers/${command.offer}`));
      const prediction = await modelOf(command.model).run(chunk);
      const body = new Blob(encodePrediction(prediction) as Uint8Array<ArrayBuffer>[]);
      const { ok, status } = await fetch(`answers/${command.answer}`, { method: 'POST', body });
      if (!ok) throw new Error(`the answer was refused with status ${status}`);
      return {};
    }
    case 'dispose':
      await modelOf(command.model).dispose();
      models.delete(command.model);
      return {};
    default:
      throw command satisfies never;
  }
}

function modelOf(name: string): PageModel {
  const model = models.get(name);
  if (model === undefined) throw new Error(`this page has no model "${name}"`);
  return model;
}

async function fetchBytes(path: string): Promise<ArrayBuffer> {
  const response = await fetch(path);
  if (!response.ok) throw new Error(`${path}: status ${response.status}`);
  return response.arrayBuffer();
}

Object.assign(globalThis, { vssm: inTurn });
