/** The libraries that computed, read and drew what the report shows, with their licences. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { counted } from '@vssm/core';
import { html } from '../html.ts';
import { type Context, type Section, table } from './section.ts';

interface Licensed {
  readonly name: string;
  readonly version: string;
  readonly licence: string;
}

export function licences({ evidence }: Context): Section | null {
  if (evidence.runs.length === 0) return null;
  const file = join(import.meta.dirname, '../../assets/licences.json');
  const libraries = JSON.parse(readFileSync(file, 'utf8')) as readonly Licensed[];
  const byLicence = Map.groupBy(libraries, ({ licence }) => licence);
  const summary = [...byLicence]
    .toSorted(([, a], [, b]) => b.length - a.length)
    .map(([licence, own]) => `${licence} ${own.length}`);
  const rows = libraries.map(
    ({ name, version, licence }) =>
      html`<tr><th scope="row">${name}</th><td>${version}</td><td>${licence}</td></tr>\n`,
  );
  const head = html`<tr><th scope="col">library</th><th scope="col">version</th><th scope="col">licence</th></tr>`;
  return {
    id: 'licences',
    title: 'Libraries and their licences',
    body: html`<p>${counted(libraries.length, 'library', 'libraries')}: ${summary.join(', ')}. This project: MIT.</p>
<details class="all"><summary>All of them</summary>${table('Libraries', head, rows)}</details>`,
  };
}
