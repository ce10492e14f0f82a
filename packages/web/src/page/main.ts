/** The live page: choose, run, look, save. The work is done in a worker; see engine.ts. */
import type { PageBackend } from '@vssm/backend-webgpu/page';
import { UserError } from '@vssm/core';
import { namedModel } from '@vssm/families';
import { embeddedId, type ModelCard, type ServedModel, type Setup } from '../exchange.ts';
import { type Backends, findBackends, machineOf } from './backends.ts';
import type { WeightSource } from './calls.ts';
import { byId, make } from './elements.ts';
import { Engine } from './engine.ts';
import {
  chosenBackend,
  chosenModel,
  chosenNumber,
  chosenPlan,
  fillForm,
  modelNote,
  showPlan,
  suggestSchedule,
} from './form.ts';
import { Gallery, type Item } from './gallery.ts';
import { Outcome, offerFile } from './outcome.ts';
import { samplePictures } from './pictures.ts';
import { type RunRequest, run } from './run.ts';
import { fetchFromServer, watchServer } from './server.ts';
import { timingTable } from './timing-table.ts';
import { troubleOf } from './trouble.ts';

interface Chosen {
  readonly card: ModelCard;
  readonly source: WeightSource;
}

interface Finished {
  readonly outcome: Outcome;
  readonly request: RunRequest;
  readonly card: ModelCard;
}

const engine = new Engine();
const button = (id: 'run' | 'stop' | 'save') => byId<HTMLButtonElement>(id);
const settings = byId<HTMLFormElement>('settings');
const schedule = byId<HTMLInputElement>('schedule');

let setup: Setup;
let backends: Backends = {};
let gallery: Gallery;
/** Undefined while the user's own checkpoint is awaited. */
let chosen: Chosen | undefined;
let running = false;
/** The last change of the pictures; never rejects. */
let changing: Promise<void> = Promise.resolve();
let stopped = false;
let finished: Finished | undefined;
/** What was suggested last: a schedule of the user's own is never replaced. */
let suggested = schedule.value;

function showTrouble(error: unknown): void {
  const { title, text } = troubleOf(error);
  // With its stack, for a report.
  console.error(error);
  const banner = make('p', { class: 'banner' }, make('strong', {}, title), text);
  const said = [...byId('trouble').children].some(({ textContent }) => textContent === banner.textContent);
  if (!said) byId('trouble').append(banner);
}

/** Runs what a click asks for; what goes wrong is shown, in place of what went wrong before. */
function attempt(work: () => Promise<void> | void): Promise<void> {
  byId('trouble').replaceChildren();
  return attemptFurther(work);
}

/** The same of work that was asked for earlier: what others have said since stays. */
async function attemptFurther(work: () => Promise<void> | void): Promise<void> {
  try {
    await work();
  } catch (error) {
    showTrouble(error);
  }
  refresh();
}

function say(text: string): void {
  byId('status').textContent = text;
}

function refresh(): void {
  const plan = chosen === undefined ? null : showPlan(chosen.card.spec);
  button('run').disabled = running || plan === null || chosenBackend() === null;
  button('stop').disabled = !running;
  // Pictures are prepared for one model, and answers are one model's.
  for (const id of ['model', 'checkpoint'] as const)
    byId<HTMLSelectElement | HTMLInputElement>(id).disabled = running;
  button('save').disabled = running || finished === undefined;
}

async function choose(next: Chosen | undefined): Promise<void> {
  chosen = next;
  forget();
  byId('model-note').textContent = next === undefined ? '' : modelNote(next.card);
  if (next === undefined) return;
  if (schedule.value === suggested) {
    suggested = suggestSchedule(next.card.spec);
    schedule.value = suggested;
  }
  refresh();
  await gallery.show(next.card);
}

/** What was found belongs to another model or other pictures. */
function forget(): void {
  finished = undefined;
  byId('speed').hidden = true;
  byId('tally').textContent = '';
}

async function chooseModel(): Promise<void> {
  const choice = chosenModel();
  byId('own-field').hidden = choice !== 'own';
  switch (choice) {
    case 'embedded':
      await choose({ card: setup.embedded, source: { from: 'server', id: embeddedId } });
      break;
    case 'own':
      byId<HTMLInputElement>('checkpoint').value = '';
      await choose(undefined);
      break;
    default: {
      const origin = { from: 'random', seed: 0 } as const;
      const card = { name: choice, spec: namedModel(choice), origin, classes: null, ignored: [] };
      await choose({ card, source: { from: 'random', model: choice, seed: origin.seed } });
    }
  }
}

async function sendCheckpoint(): Promise<void> {
  const [file] = byId<HTMLInputElement>('checkpoint').files ?? [];
  if (file === undefined) return;
  await choose(undefined);
  byId('model-note').textContent = `reading ${file.name} …`;
  try {
    const request = { method: 'POST', body: file };
    const response = await fetchFromServer(`checkpoints/${encodeURIComponent(file.name)}`, request);
    const { id, card } = (await response.json()) as ServedModel;
    if (chosenModel() === 'own') await choose({ card, source: { from: 'server', id } });
  } catch (error) {
    byId('model-note').textContent = '';
    throw error;
  }
}

async function start(): Promise<void> {
  running = true;
  stopped = false;
  settings.setAttribute('aria-busy', 'true');
  refresh();
  try {
    // Pictures that are still being read are part of what the user sees and asks for.
    await changing;
    await answer(await gallery.items());
  } finally {
    running = false;
    settings.removeAttribute('aria-busy');
  }
}

async function answer(items: readonly Item[]): Promise<void> {
  if (chosen === undefined) throw new UserError('another model was chosen meanwhile; run again');
  const { card, source } = chosen;
  const backend = chosenBackend()!;
  const rounds = chosenNumber('rounds');
  if (items.length === 0 && rounds === 0)
    throw new UserError('there is nothing to do: no pictures, and no timed rounds');
  const request: RunRequest = {
    source,
    spec: card.spec,
    plan: chosenPlan(card.spec),
    backend,
    threads: threadsOf(backend),
    explained: byId<HTMLInputElement>('explained').checked ? { threads: threadsOf('wasm') } : null,
    batch: chosenNumber('batch'),
    rounds,
    pictures: items.map(({ picture, prepared }, place) => ({
      pixels: prepared.pixels,
      sample: picture.sample?.index ?? place,
    })),
  };
  const outcome = new Outcome();
  forget();
  for (const item of items) item.card.clear();
  try {
    const complete = await run(engine, request, {
      progress(share, what) {
        byId<HTMLProgressElement>('progress').value = share;
        say(what);
      },
      answered(place, dense, pruned, read) {
        outcome.answer(items[place], dense, pruned, read);
        items[place].card.show(dense, pruned, read);
        byId('tally').textContent = outcome.tally(card);
      },
      failed: (place, reason) => items[place].card.fail(reason),
      timed(timings) {
        outcome.timings = [...timings];
        byId('timing').replaceChildren(timingTable(timings));
        byId('speed').hidden = false;
      },
      stopping: () => stopped,
    });
    if (complete) finished = { outcome, request, card };
    say(complete ? 'Done.' : 'Stopped; what was finished is shown.');
  } catch (error) {
    say('Ended by an error; what was finished is shown.');
    throw error;
  }
}

/** Inside matrix products, on WebAssembly; the page is isolated, so it may have them. */
function threadsOf(backend: PageBackend): number {
  return backend === 'wasm' && crossOriginIsolated ? navigator.hardwareConcurrency : 1;
}

async function save(): Promise<void> {
  const { outcome, request, card } = finished!;
  const machine = machineOf(request.backend, backends[request.backend]!);
  const lines = await outcome.lines(request, card, setup.samples, machine);
  offerFile(`vssm-page-${new Date().toISOString().replace(/[:.]/g, '-')}.jsonl`, lines);
  say('Saved.');
}

/**
 * One change after another, however long the reading of files takes.
 *
 * @param change returns false where all stayed as it was
 */
function changePictures(change: () => Promise<boolean>): Promise<void> {
  if (running) {
    return attempt(() => {
      throw new UserError('a run is going on; stop it before the pictures change');
    });
  }
  byId('trouble').replaceChildren();
  changing = changing.then(() =>
    attemptFurther(async () => {
      if (await change()) forget();
    }),
  );
  return changing;
}

function addPictures(files: readonly File[]): Promise<void> {
  return changePictures(async () => {
    const wrong = await gallery.add(files);
    if (wrong.length > 0) showTrouble(new UserError(wrong.join('; ')));
    return wrong.length < files.length;
  });
}

function listen(): void {
  settings.addEventListener('submit', (event) => {
    event.preventDefault();
    if (!button('run').disabled) void attempt(start);
  });
  settings.addEventListener('input', refresh);
  byId('model').addEventListener('change', () => void attempt(chooseModel));
  byId('checkpoint').addEventListener('change', () => void attempt(sendCheckpoint));
  button('save').addEventListener('click', () => void attempt(save));
  button('stop').addEventListener('click', () => {
    stopped = true;
    say('stopping …');
  });
  byId('samples').addEventListener(
    'click',
    () => void changePictures(() => gallery.useSamples().then(() => true)),
  );
  byId('clear').addEventListener('click', () => void changePictures(() => gallery.empty().then(() => true)));
  const files = byId<HTMLInputElement>('files');
  files.addEventListener('change', () => {
    const given = [...(files.files ?? [])];
    files.value = '';
    void addPictures(given);
  });
  listenForDrops();
}

/** Anywhere on the page: a picture that misses the frame must not replace the page. */
function listenForDrops(): void {
  const over = (is: boolean) => byId('drop').classList.toggle('over', is);
  addEventListener('dragover', (event) => {
    event.preventDefault();
    over(true);
  });
  addEventListener('dragleave', () => over(false));
  addEventListener('drop', (event) => {
    event.preventDefault();
    over(false);
    const given = [...(event.dataTransfer?.files ?? [])];
    if (given.length > 0) void addPictures(given);
  });
}

await attempt(async () => {
  fillForm();
  setup = (await (await fetchFromServer('setup.json')).json()) as Setup;
  gallery = new Gallery(samplePictures(setup.samples), setup.embedded);
  listen();
  watchServer(showTrouble);
  await chooseModel();
  backends = await findBackends(engine);
  say(Object.keys(backends).length === 0 ? 'Neither WebGPU nor WebAssembly works here.' : 'Ready.');
});
