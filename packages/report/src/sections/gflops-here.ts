/** GFLOPs computed here beside the published ones. */
import type { PaperValue } from '@vssm/results';
import { signed } from '../format.ts';
import { html, type Markup } from '../html.ts';
import { agreement, oneDecimalTolerance } from '../published-gflops.ts';

/** Ours, with a tick where it is the published value, and the difference where that is not so to the last decimal. */
export function gflopsHere(here: number, published: PaperValue | undefined): Markup {
  const text = here.toFixed(2);
  if (published === undefined || !('value' in published) || published.value === null) return html`${text}`;
  const difference = html`<small>(${signed(here - published.value, 2)})</small>`;
  const met = agreement(here, published.value, published.decimals);
  switch (met) {
    case 'equal':
      return html`<span class="agrees">${text} <span title="equals the published value to its last decimal">✓</span></span>`;
    case 'close':
      return html`<span class="agrees">${text} <span title="within ${oneDecimalTolerance} of a value that is published to one decimal">✓</span></span> ${difference}`;
    case 'apart':
      return html`${text} ${difference}`;
    default:
      throw met satisfies never;
  }
}
