/** What each part of the method is worth: one change at a time, on the same images. */
import { contrastSettings } from '../contrasts.ts';
import { html } from '../html.ts';
import { contrastTable } from './contrast-table.ts';
import type { Context, Section } from './section.ts';

export function parts(context: Context): Section | null {
  const settings = contrastSettings(context.evidence);
  const shown = settings.length === 0 ? null : contrastTable(settings, context);
  if (shown === null) return null;
  return {
    id: 'parts',
    title: 'What each part is worth, before fine-tuning',
    short: 'What each part is worth',
    body: html`${shown}`,
  };
}
