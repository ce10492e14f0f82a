/**
 * Every way to carry out a model, held against the float64 reference and timed beside the others. Times of one
 * batch size and plan are interleaved; each plan has rounds of its own.
 */
import { UserError } from '@vssm/core';
import type { ComparisonRecord } from '@vssm/results';
import { codeVersion } from '../code/made-with.ts';
import { interruptible } from '../interruption.ts';
import { keyOf } from '../keys.ts';
import { inRunFolder } from '../run-folder.ts';
import { writeRunHeader } from '../run-header.ts';
import { acceleratorOf, type Competitor, nameOf, probePath } from './competitors.ts';
import { PlanComparison } from './plan-comparison.ts';
import type { CompareRequest } from './request.ts';

export type CompareOutcome =
  | { readonly state: 'done'; readonly records: readonly ComparisonRecord[] }
  | { readonly state: 'stopped'; readonly exitCode: number };

/** @throws UserError for a folder in use, a full disk */
export async function compareBackends(request: CompareRequest): Promise<CompareOutcome> {
  const { progress, plans } = request;
  return inRunFolder(request, 'stopping', async ({ results, interruption, stopping }) => {
    const group = keyOf(['compare'], { at: new Date().toISOString(), name: request.model.described.name });
    progress.begin(plans.length * stagesOf(request));
    const competitors: Competitor[] = [];
    for (const path of request.paths) {
      progress.task(`looking for ${nameOf(path)}`);
      competitors.push(await interruptible(() => probePath(path, request.pathOptions, request.pathsAsked)));
    }
    writeRunHeader(results, request.command, codeVersion(), acceleratorOf(competitors));
    const records: ComparisonRecord[] = [];
    for (const plan of plans) {
      const comparison = new PlanComparison(request, plan, competitors, stopping);
      try {
        if (!(await comparison.run())) {
          return { state: 'stopped', exitCode: interruption.exitCode };
        }
      } finally {
        await comparison.dispose();
      }
      records.push(...comparison.write(results, group));
    }
    return { state: 'done', records };
  });
}

/** Progress counts stages: the reference, the answers of each path, and each batch size. */
function stagesOf({ paths, batches }: CompareRequest): number {
  return 1 + paths.length + batches.length;
}

/** @throws UserError for a list that is none */
export function parseBatches(text: string): readonly number[] {
  const batches = text.split(',').map((part) => Number(part.trim()));
  if (batches.some((batch) => !Number.isInteger(batch) || batch < 1 || batch > 4096)) {
    throw new UserError(`--batch "${text}": expected sizes from 1 to 4096 joined by commas, e.g. 1,8,32`);
  }
  return [...new Set(batches)].sort((a, b) => a - b);
}
