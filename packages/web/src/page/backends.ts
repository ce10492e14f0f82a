/** Which backends there are here: asked of the worker when the page opens, shown beside the choice. */
import type { PageBackend } from '@vssm/backend-webgpu/page';
import type { FinishedRun } from '../exchange.ts';
import { byId } from './elements.ts';
import type { Engine } from './engine.ts';
import { troubleOf } from './trouble.ts';

export type Backends = Readonly<Partial<Record<PageBackend, Readonly<Record<string, string>>>>>;

/** Enables what is there and chooses the fastest of it; beside what is not there stands the reason. */
export async function findBackends(engine: Engine): Promise<Backends> {
  const found: Partial<Record<PageBackend, Readonly<Record<string, string>>>> = {};
  for (const name of ['webgpu', 'wasm'] as const) {
    const input = document.querySelector<HTMLInputElement>(`input[name=backend][value=${name}]`)!;
    const note = byId(`${name}-note`);
    try {
      const details = await engine.probe(name);
      found[name] = details;
      note.textContent = name === 'webgpu' ? details.adapter : details.cores;
      input.disabled = false;
      if (Object.keys(found).length === 1) input.checked = true;
    } catch (error) {
      const { title, text } = troubleOf(error);
      note.textContent = `${title}. ${text}`;
    }
  }
  return found;
}

/** What saved results say of the device and the browser. */
export function machineOf(
  backend: PageBackend,
  details: Readonly<Record<string, string>>,
): Pick<FinishedRun, 'adapter' | 'libraries'> {
  const [library, version] = details.runtime.split(' ');
  const browser = /(Firefox|Edg|Chrome|Version)\/([\d.]+)/.exec(navigator.userAgent);
  return {
    adapter: backend === 'webgpu' ? details.adapter : null,
    libraries: { [library]: version, browser: browser === null ? 'unknown' : `${browser[1]} ${browser[2]}` },
  };
}
