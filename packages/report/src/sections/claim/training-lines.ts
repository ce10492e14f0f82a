/** The curves of an experiment's log, as lines of charts. */
import type { FinetuningRecord } from '@vssm/results';
import { denseTestsOf } from '@vssm/results/trained';
import type { TrainingLine } from '../../charts/training.ts';
import type { Colour } from '../../palette.ts';
import { method, planName } from '../../plan-names.ts';

export function denseCurves(record: FinetuningRecord): { loss: TrainingLine[]; accuracy: TrainingLine[] } {
  const { curve } = record.dense;
  const line = { colour: 'top', dashed: false, marked: false } as const;
  return {
    loss: [{ ...line, name: 'training', points: curve.map(({ epoch, loss }) => ({ epoch, value: loss })) }],
    accuracy: [
      {
        ...line,
        name: 'training images',
        colour: 'series3',
        points: curve.map(({ epoch, top1 }) => ({ epoch, value: top1 })),
      },
      {
        ...line,
        name: 'test images',
        marked: true,
        points: denseTestsOf(record).map(({ epoch, percent }) => ({ epoch, value: percent })),
      },
    ],
  };
}

/** Of the arms that the verdicts compare: one colour each, the strongest pruning dashed. */
export function finetuningCurves({ rows, verdicts, model }: FinetuningRecord): TrainingLine[] {
  const arms = [...new Set(verdicts.flatMap(({ arm, against }) => [arm, against]))];
  const least = Math.min(...rows.map(({ keep }) => keep));
  const spare: Colour[] = ['released', 'random', 'other'];
  return arms.flatMap((arm) => {
    const own = rows.filter((row) => row.arm === arm);
    const kind = method(own[0].plan, model);
    const colour = kind === 'other' ? (spare.shift() ?? 'other') : kind;
    return own.map(
      ({ plan, keep, after }): TrainingLine => ({
        name: `${planName(plan, model)}, keep ${keep}`,
        colour,
        dashed: keep === least,
        marked: false,
        points: after[0].curve.map(({ epoch, loss }) => ({ epoch, value: loss })),
      }),
    );
  });
}
