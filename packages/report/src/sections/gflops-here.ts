/** GFLOPs computed here beside the published ones. */
import type { PaperValue } from '@vssm/results';
import { agrees } from '../answers.ts';
import { signed } from '../format.ts';
import { html, type Markup } from '../html.ts';

/** Ours, with a tick where it equals the published value and the difference where it does not. */
export function gflopsHere(here: number, published: PaperValue | undefined): Markup {
  const text = here.toFixed(2);
  if (published === undefined || !('value' in published) || published.value === null) return html`${text}`;
  if (agrees(here, published.value, published.decimals)) {
    return html`<span class="agrees">${text} <span title="equals the published value to its last decimal">✓</span></span>`;
  }
  return html`${text} <small>(${signed(here - published.value, 2)})</small>`;
}
