export { Accuracy, type AccuracySummary, type Interval, wilsonInterval } from './accuracy.ts';
export { cosine, Fidelity, type FidelitySummary, klDivergence } from './fidelity.ts';
export { type Logits, topK } from './top-k.ts';
