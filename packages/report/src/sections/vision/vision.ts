/** Detectors and segmenters: what they score and cost, dense and pruned, and what they see in a few images. */
import { listed } from '../../format.ts';
import { html, type Markup } from '../../html.ts';
import { Footnotes } from '../footnotes.ts';
import type { Context, Section } from '../section.ts';
import { drawings } from './drawings.ts';
import { isSmoke, type VisionGroup, visionGroups } from './groups.ts';
import { partsTable, resultsTable } from './tables.ts';

export function vision({ evidence, files }: Context): Section | null {
  const groups = visionGroups(evidence);
  if (groups.length === 0) return null;
  const footnotes = new Footnotes();
  const drawn = groups.map((group) => ({ group, pictures: drawings(group, files) }));
  return {
    id: 'vision',
    title: 'Detection and segmentation',
    body: html`<p>Whole detectors and segmenters: the backbone is pruned, and its heads get a full grid back, in which a pruned patch
holds what it last was.</p>${smokeBanner(groups)}
${resultsTable(groups, footnotes)}${footnotes.list()}
<details><summary>Operations and time by part</summary>${groups.map(partsTable)}</details>
${drawn.some(({ pictures }) => pictures !== null) && readingThePictures}
${drawn.map(({ group, pictures }) => pictures !== null && html`<h3>${group.model.name}<small>${group.dataset.name}, ${group.dataset.split} split${isSmoke(group) && '; a smoke run: random weights, what is drawn means nothing'}</small></h3>${pictures}`)}`,
  };
}

function smokeBanner(groups: readonly VisionGroup[]): Markup | null {
  const smoke = groups.filter(isSmoke);
  if (smoke.length === 0) return null;
  const models = listed([...new Set(smoke.map(({ model }) => model.name))]);
  const data = listed([...new Set(smoke.map(({ dataset }) => dataset.name))]);
  return html`<p class="banner"><strong>Smoke runs.</strong> ${models} ran with random weights on ${data}, to show that everything runs. Their
figures, boxes and label maps mean nothing.</p>`;
}

const readingThePictures = html`<p>Each row is one image, the first ones of the data set: as it is, and with what the dense and the pruned model
answered. Hatched patches are those that are gone at the end of the backbone. Detections are drawn from a score of 0.3 on, ten at most; where none is as sure, the
best five.</p>`;
