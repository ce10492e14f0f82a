/** What is asked of the tensors of every family: the right names, the right shapes, finite values. */
import { type Checkpoint, listed, quoted } from '@vssm/checkpoints';
import { counted, sameShape, type Tensor, UserError, type Weights } from '@vssm/core';

type Shapes = ReadonlyMap<string, readonly number[]>;

/**
 * @param expected what the model needs
 * @param unused names that a file may have besides
 * @throws UserError listing missing and extra tensors
 */
export function checkNames(
  { tensors, integers }: Checkpoint,
  expected: Shapes,
  unused: (name: string) => boolean,
): void {
  const missing = [...expected.keys()].filter((name) => !tensors.has(name));
  const extra = [...tensors.keys(), ...integers.keys()].filter(
    (name) => !expected.has(name) && !unused(name),
  );
  const problems: string[] = [];
  if (missing.length > 0) problems.push(`missing ${named(missing)}`);
  if (extra.length > 0) problems.push(`extra ${named(extra)}`);
  const stored = missing.filter((name) => integers.has(name));
  if (stored.length > 0) problems.push(`stored as integers ${named(stored)}`);
  if (problems.length > 0) throw new UserError(`${problems.join('; ')}; is this another model's file?`);
}

function named(names: readonly string[]): string {
  return `${counted(names.length, 'tensor')} (${listed(names)})`;
}

/**
 * @param model how a message describes the model: `a Vim of width 192, …`
 * @throws UserError listing tensors of another shape than the model needs
 */
export function checkShapes(tensors: Weights, expected: Shapes, model: string): void {
  const wrong: string[] = [];
  for (const [name, needed] of expected) {
    const { shape } = tensors.get(name)!;
    if (!sameShape(shape, needed)) {
      wrong.push(`${quoted(name)} is [${shape.join(', ')}], needed is [${needed.join(', ')}]`);
    }
  }
  if (wrong.length === 0) return;
  const shown = wrong.slice(0, 10).join('; ') + (wrong.length > 10 ? `; and ${wrong.length - 10} more` : '');
  throw new UserError(`${shown}, in ${model}; is this another model's file?`);
}

/** @throws UserError for NaN and infinity */
export function checkFinite(name: string, tensor: Tensor<Float32Array>): Tensor<Float32Array> {
  const { data } = tensor;
  for (let i = 0; i < data.length; i++) {
    if (!Number.isFinite(data[i])) {
      throw new UserError(
        `${quoted(name)} holds ${data[i]} at element ${i}; the weights are broken (a diverged training, or a value beyond float32)`,
      );
    }
  }
  return tensor;
}
