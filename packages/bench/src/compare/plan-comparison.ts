/** One plan on every path: answers held against the reference's, then times, then one record for each path. */
import { formatSchedule, type PruningPlan, planName, type Weights } from '@vssm/core';
import { sampleHash } from '@vssm/datasets';
import { type ComparisonRecord, type Results, schemaVersion } from '@vssm/results';
import { costOf } from '../cost.ts';
import { keyOf } from '../keys.ts';
import { firstAnswers, parityOf } from './answers.ts';
import { type Competitor, type LoadedPath, loadPath, nameOf, unavailable } from './competitors.ts';
import type { Parity } from './parity.ts';
import { type ReferenceAnswer, referenceAnswers } from './reference-answers.ts';
import type { CompareRequest } from './request.ts';
import { type Timing, timePaths } from './time-paths.ts';

/** Images of one run while answers are compared; timing has its own sizes. */
const answerBatch = 16;

interface Found {
  parity: Parity;
  answers: readonly (number | null)[];
  timings: Timing[];
  untimed: string | null;
}

export class PlanComparison {
  readonly #request: CompareRequest;
  readonly #plan: PruningPlan;
  readonly #competitors: readonly Competitor[];
  readonly #stopping: () => boolean;
  readonly #loaded = new Map<Competitor, LoadedPath>();
  readonly #found = new Map<Competitor, Found>();
  readonly #failures = new Map<Competitor, ReturnType<typeof unavailable>>();
  readonly #began = performance.now();
  #referenceMs = 0;

  constructor(
    request: CompareRequest,
    plan: PruningPlan,
    competitors: readonly Competitor[],
    stopping: () => boolean,
  ) {
    this.#request = request;
    this.#plan = plan;
    this.#competitors = competitors;
    this.#stopping = stopping;
  }

  /** @returns false when it was stopped before the end */
  async run(): Promise<boolean> {
    const { progress, batches } = this.#request;
    const name = planName(this.#plan);
    progress.task(`${name}: the reference`);
    const { model, images, referenceImages } = this.#request;
    const weights = model.weights();
    const asked = { spec: model.spec, weights, plan: this.#plan };
    const reference = await referenceAnswers(asked, images, referenceImages, this.#stopping);
    if (reference === null) return false;
    const { answers } = reference;
    this.#referenceMs = reference.msPerImage;
    progress.advance(1);
    for (const competitor of this.#competitors) {
      progress.task(`${name}: answers of ${nameOf(competitor.path)}`);
      await this.#answers(competitor, weights, answers);
      if (this.#stopping()) return false;
      progress.advance(1);
    }
    for (const batch of batches) {
      progress.task(`${name}: times at batch ${batch}`);
      if (!(await this.#times(batch))) return false;
      progress.advance(1);
    }
    return true;
  }

  async #answers(
    competitor: Competitor,
    weights: Weights,
    answers: readonly ReferenceAnswer[],
  ): Promise<void> {
    const { probed, untimed } = competitor;
    const { model, threads, images, budgetMs, referenceImages } = this.#request;
    if (probed.state === 'unavailable') return;
    try {
      const loaded = await loadPath(probed, { spec: model.spec, weights, plan: this.#plan, threads });
      this.#loaded.set(competitor, loaded);
      const { spec } = model;
      const settings = { spec, images, batch: answerBatch, budgetMs, stopping: this.#stopping };
      const parity = await parityOf(loaded.throughput, answers, settings, competitor.path.half);
      const wide = images.ids.length > referenceImages;
      const first = wide ? await firstAnswers(loaded.throughput, settings) : [];
      this.#found.set(competitor, { parity, answers: first, timings: [], untimed });
    } catch (error) {
      this.#failures.set(competitor, unavailable(error));
      this.#found.delete(competitor);
    }
  }

  async #times(batch: number): Promise<boolean> {
    const timed = new Map<Competitor, LoadedPath>();
    for (const [competitor, { untimed }] of this.#found) {
      if (untimed === null) timed.set(competitor, this.#loaded.get(competitor)!);
    }
    const { model, speedBudget } = this.#request;
    const failed = (competitor: Competitor, error: unknown) => {
      const { reason } = unavailable(error);
      Object.assign(this.#found.get(competitor)!, { timings: [], untimed: `batch ${batch}: ${reason}` });
    };
    const timings = await timePaths(timed, model.spec, batch, speedBudget, this.#stopping, failed);
    if (timings === null) return false;
    for (const [competitor, timing] of timings) this.#found.get(competitor)!.timings.push(timing);
    return true;
  }

  write(results: Results, group: string): ComparisonRecord[] {
    const { model, images, referenceImages, threads } = this.#request;
    const plan = this.#plan;
    const schedule = formatSchedule(plan.schedule);
    const durationMs = performance.now() - this.#began;
    const used: ComparisonRecord['images'] = {
      dataset: images.dataset,
      reference: referenceImages,
      referenceMs: this.#referenceMs,
      idsHash: sampleHash(images.ids.slice(0, referenceImages)),
    };
    return this.#competitors.map((competitor) => {
      const { name, form } = competitor.path;
      const row = `${name}:${form}:${schedule === '' ? 'dense' : schedule}`
        .replaceAll(/[^A-Za-z0-9._+@,;:=-]/g, '-')
        .slice(0, 120);
      const record: ComparisonRecord = {
        schema: schemaVersion,
        kind: 'comparison',
        key: keyOf(['compare', name, form], { group, plan }),
        experiment: 'compare',
        row,
        label: `${model.described.name} on ${nameOf(competitor.path)}`.slice(0, 400),
        paper: null,
        notes: [],
        model: model.described,
        plan: { ...plan, schedule: [...plan.schedule] },
        schedule,
        backend: { name, form },
        threads,
        group,
        images: used,
        outcome: this.#outcome(competitor),
        ...costOf(model.spec, plan),
        durationMs,
      };
      results.append(record);
      return record;
    });
  }

  #outcome(competitor: Competitor): ComparisonRecord['outcome'] {
    const { probed } = competitor;
    if (probed.state === 'unavailable') return probed;
    const failure = this.#failures.get(competitor);
    if (failure !== undefined) return failure;
    const { parity, answers, timings, untimed } = this.#found.get(competitor)!;
    const details = Object.fromEntries(
      Object.entries(probed.details).map(([name, text]) => [name, text.slice(0, 400)]),
    );
    return {
      state: 'measured',
      details,
      parity,
      agreement: this.#agreement(competitor, answers),
      timings,
      untimed,
    };
  }

  /** With the first path that has answers, on the images that both had time for. */
  #agreement(competitor: Competitor, answers: readonly (number | null)[]) {
    const [first] = this.#found;
    if (first === undefined || first[0] === competitor || answers.length === 0) return null;
    const [{ path }, { answers: expected }] = first;
    const both = Math.min(answers.length, expected.length);
    const sameTop1 = answers
      .slice(0, both)
      .filter((answer, at) => answer !== null && answer === expected[at]).length;
    return { with: { name: path.name, form: path.form }, images: both, sameTop1 };
  }

  async dispose(): Promise<void> {
    for (const loaded of this.#loaded.values()) await loaded.dispose().catch(() => undefined);
    this.#loaded.clear();
  }
}
