/** How wide the rows are that tokens are compared by. */
import type { Metric } from '../operation.ts';
import type { RuleShape } from './rule.ts';

export function metricWidth(metric: Metric, { channels, states, width }: RuleShape): number {
  switch (metric) {
    case 'hidden':
    case 'residual':
      return width;
    case 'gated':
    case 'delta':
      return channels;
    case 'B':
    case 'C':
      return states;
    default:
      throw metric satisfies never;
  }
}
