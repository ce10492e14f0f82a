/**
 * The models that the page can ask its server for: the embedded one, and the checkpoint that was sent last. A
 * checkpoint goes through a separate file in the system's temporary folder, so that the same reader as everywhere
 * looks at it; the file is gone once it is read, and nothing in it is ever executed.
 */
import { randomUUID } from 'node:crypto';
import { mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { encodeModel } from '@vssm/backend-webgpu/server';
import { readCheckpoint } from '@vssm/checkpoints';
import { UserError, type Weights } from '@vssm/core';
import { fashionMnistDir } from '@vssm/datasets';
import { densePlan } from '@vssm/families';
import { loadModel } from '@vssm/families/checkpoint';
import { embeddedId, type ModelCard, type ServedModel } from '../exchange.ts';

/** A page cannot hold more in one piece. */
const largestBytes = 2 ** 31 - 1;

interface Kept extends ServedModel {
  readonly weights: Weights;
}

export class ServedModels {
  readonly #embedded: Kept;
  #sent: Kept | undefined;

  /** @param classes of the data set that the embedded model was trained on */
  static async open(classes: readonly string[]): Promise<ServedModels> {
    const path = join(fashionMnistDir, 'vim-nano-fmnist.pth');
    const { card, weights } = await readModel(path, basename(path), 'Vim-nano (Fashion-MNIST)');
    return new ServedModels({ id: embeddedId, card: { ...card, classes, ignored: [] }, weights });
  }

  constructor(embedded: Kept) {
    this.#embedded = embedded;
  }

  get embedded(): ModelCard {
    return this.#embedded.card;
  }

  /** Spec and weights of a model as a frame; undefined where there is none of this name. */
  frame(id: string | undefined): readonly Uint8Array[] | undefined {
    const found = [this.#embedded, this.#sent].find((model) => model?.id === id);
    return found && encodeModel({ spec: found.card.spec, weights: found.weights, plan: densePlan });
  }

  /**
   * @param name of the user's file
   * @throws UserError naming the file and the problem
   */
  async receive(name: string, body: AsyncIterable<Uint8Array>): Promise<ServedModel> {
    const shown = name.replace(/[\p{Cc}/\\]/gu, '_').slice(0, 200);
    const folder = await mkdtemp(join(tmpdir(), 'vssm-checkpoint-'));
    const path = join(folder, 'sent');
    try {
      await writeBody(path, shown, body);
      const { card, weights } = await readModel(path, shown, shown);
      this.#sent = { id: randomUUID(), card, weights };
      return { id: this.#sent.id, card };
    } catch (error) {
      if (error instanceof UserError) throw new UserError(error.message.replaceAll(path, shown));
      throw error;
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }
}

async function readModel(path: string, file: string, name: string): Promise<Omit<Kept, 'id'>> {
  const checkpoint = await readCheckpoint(path);
  // Under the name that the file was sent with: it may tell the family.
  const { spec, weights, ignored, familyFrom } = loadModel({ ...checkpoint, path: file });
  const card: ModelCard = {
    name,
    spec,
    origin: { from: 'checkpoint', file, sha256: checkpoint.sha256, familyFrom },
    classes: null,
    ignored,
  };
  return { card, weights };
}

async function writeBody(path: string, name: string, body: AsyncIterable<Uint8Array>): Promise<void> {
  const file = await open(path, 'wx', 0o600);
  try {
    let bytes = 0;
    for await (const piece of body) {
      bytes += piece.byteLength;
      if (bytes > largestBytes) {
        throw new UserError(`checkpoint ${name}: more than ${largestBytes} bytes do not fit into a page`);
      }
      await file.writeFile(piece);
    }
  } finally {
    await file.close();
  }
}
