/** Where every number comes from: machines, versions, seeds, checksums, samples, and one line per result. */
import { counted } from '@vssm/core';
import type { AccuracyRecord, RunRecord } from '@vssm/results';
import { checkPredictions } from '@vssm/results';
import type { Entry, Evidence } from '../evidence.ts';
import { duration, instant, interval, memory, points, shortHash, whole } from '../format.ts';
import { type Content, html, joined, type Markup } from '../html.ts';
import { planName } from '../plan-names.ts';
import { type Context, partialStamp, type Section, scheduleText, table } from './section.ts';

export function provenance({ evidence }: Context): Section | null {
  if (evidence.runs.length === 0 && evidence.accuracy.length === 0) return null;
  return {
    id: 'provenance',
    title: 'Where the numbers come from',
    body: html`${evidence.runs.map(oneRun)}${weightsTable(evidence)}${samplesTable(evidence)}${unreadable(evidence)}${allResults(evidence)}`,
  };
}

function oneRun(run: RunRecord, index: number, runs: readonly RunRecord[]): Markup {
  const { environment: machine, git } = run;
  const commit =
    git === null ? 'not known' : `${git.commit.slice(0, 12)}${git.dirty ? ', with changes' : ''}`;
  return html`<h3>Run${runs.length > 1 && html` ${index + 1}`}</h3>${facts([
    ['started', instant(run.createdAt)],
    ['command', html`<code>${run.command.join(' ')}</code>`],
    ['project', `version ${run.projectVersion}, commit ${commit}`],
    ['processor', `${machine.cpu}, ${counted(machine.cores, 'logical core')}, ${machine.arch}`],
    ['memory', memory(machine.memoryBytes)],
    ['accelerator', machine.accelerator ?? 'none used'],
    ['system', machine.os],
    ['Node.js', machine.node],
    [
      'libraries',
      Object.entries(machine.libraries)
        .map(([name, version]) => `${name} ${version}`)
        .join(', '),
    ],
    [
      'seeds',
      Object.entries(run.seeds)
        .map(([name, seed]) => `${name} ${seed}`)
        .join(', ') || 'none',
    ],
  ])}`;
}

function facts(rows: readonly (readonly [string, Content])[]): Markup {
  return html`<dl class="facts">${rows.map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>`;
}

function weightsTable({ accuracy, speed, executions, comparisons }: Evidence): Markup {
  const models = new Map(
    [...accuracy, ...speed, ...executions, ...comparisons].map(({ record }) => [
      JSON.stringify(record.model),
      record.model,
    ]),
  );
  const rows = [...models.values()].map(({ name, params, spec, weights }) => {
    const source =
      weights.from === 'checkpoint'
        ? html`${weights.file}, SHA-256 <code class="hash" title="${weights.sha256}">${shortHash(weights.sha256)}…</code>`
        : html`random weights, seed ${weights.seed}`;
    return html`<tr><th scope="row">${name}</th><td class="number">${whole(params)}</td>
<td>${spec.imageHeight}x${spec.imageWidth}, patch ${spec.patchSize}, width ${spec.width}, ${counted(spec.depth, 'block')}, ${counted(spec.classes, 'class', 'classes')}</td><td>${source}</td></tr>
`;
  });
  const head = html`<tr><th scope="col">model</th><th scope="col" class="number">parameters</th><th scope="col">shape</th><th scope="col">weights</th></tr>`;
  return html`<h3>Models</h3>${table('Models and their weights', head, rows)}`;
}

function samplesTable(evidence: Evidence): Markup | null {
  const accuracy = [...evidence.accuracy, ...evidence.finetuned];
  if (accuracy.length === 0) return null;
  const samples = new Map(
    accuracy.map(({ record }) => [JSON.stringify([record.dataset, record.sample]), record]),
  );
  const rows = [...samples.values()].map(({ dataset, sample }) => {
    const hash = (value: string) => html`<code class="hash" title="${value}">${shortHash(value)}…</code>`;
    return html`<tr><th scope="row">${dataset.name}, ${dataset.split}</th><td class="number">${whole(sample.count)} of ${whole(dataset.total)}</td>
<td>${sample.how}${sample.seed !== null && html`, seed ${sample.seed}`}${sample.partial && html` ${partialStamp}`}</td><td>${hash(sample.idsHash)}</td>
<td>${dataset.sha256 === null ? '–' : hash(dataset.sha256)}</td></tr>
`;
  });
  const head = html`<tr><th scope="col">data</th><th scope="col" class="number">images</th><th scope="col">chosen</th><th scope="col">hash of ids</th><th scope="col">hash of data</th></tr>`;
  return html`<h3>Images</h3>${table('Data sets and samples', head, rows)}`;
}

const mostShown = 20;

function unreadable(evidence: Evidence): Markup | null {
  const accuracy = [...evidence.accuracy, ...evidence.finetuned];
  const failed = new Map(
    accuracy.flatMap(({ record }) => record.failed).map((failure) => [failure.id, failure]),
  );
  if (failed.size === 0) return null;
  const shown = [...failed.values()].slice(0, mostShown);
  return html`<h3>Images that could not be read</h3><p>${counted(failed.size, 'image')} left out of every count.</p>
<ul class="reasons">${shown.map(({ id, error }) => html`<li><code>${id}</code>: ${error}</li>`)}${
    failed.size > shown.length &&
    html`<li>and ${whole(failed.size - shown.length)} more, listed in data/results.jsonl</li>`
  }</ul>`;
}

function allResults(evidence: Evidence): Markup | null {
  const accuracy = [...evidence.accuracy, ...evidence.finetuned];
  if (accuracy.length === 0) return null;
  const rows = accuracy.map((entry) => resultRow(entry));
  const head = html`<tr><th scope="col">plan<small>pruned after@keep</small></th>
<th scope="col" class="number">right of evaluated</th><th scope="col" class="number">top-1, %</th><th scope="col" class="number">95 %</th><th scope="col" class="number">top-5, %</th>
<th scope="col" class="number">time</th><th scope="col">experiment<small>backend</small></th><th scope="col">predictions</th></tr>`;
  return html`<details class="all"><summary>Every accuracy result, one line each (${whole(accuracy.length)})</summary>
${table('Every accuracy result', head, rows)}</details>
<p class="files"><a href="data/results.csv">All results (CSV)</a> <a href="data/results.jsonl">All records (JSON lines)</a></p>`;
}

function resultRow({ record, folder }: Entry<AccuracyRecord>): Markup {
  const problem = checkPredictions(folder, { ...record });
  return html`<tr><th scope="row">${planName(record.plan, record.model)}<small>${scheduleText(record.schedule)}</small>${record.notes.map((note) => html`<small>${note}</small>`)}</th>
<td class="number">${whole(record.correct1)} of ${whole(record.count)}</td><td class="number">${points(record.top1, 2)}</td><td class="number">${interval(record.interval, 2)}</td>
<td class="number">${points(record.top5, 2)}</td><td class="number">${duration(record.durationMs)}</td>
<td>${record.experiment}<small>${record.backend.name}, ${record.backend.form}</small></td>
<td>${joined([record.sample.partial ? partialStamp : null, problem === null ? html`<span class="agrees" title="the file is there and its checksum is the recorded one">checked</span>` : html`<span class="wrong">${problem}</span>`], ' ')}</td></tr>
`;
}
