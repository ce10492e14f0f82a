/** Where the interaction blocks have their weights, by upstream's names. */
import { type AdapterSpec, extraExtractors } from '../model/spec.ts';

/** Of an interaction block's injector. */
export function injectorName(block: number): string {
  return `backbone.interactions.${block}.injector`;
}

/** Of its extractors, in running order: the last block has more than one. */
export function extractorNames({ interactions }: AdapterSpec, block: number): readonly string[] {
  const prefix = `backbone.interactions.${block}`;
  const extras = block === interactions.length - 1 ? extraExtractors : 0;
  return [
    `${prefix}.extractor`,
    ...Array.from({ length: extras }, (_, i) => `${prefix}.extra_extractors.${i}`),
  ];
}
