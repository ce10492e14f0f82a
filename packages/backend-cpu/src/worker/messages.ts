/** What a worker thread and its owner say to each other, whatever the work is. */

export type ToWorker<Ask> =
  | { readonly kind: 'ask'; readonly ask: Ask }
  /** Once what was asked has been answered. */
  | { readonly kind: 'stop' }
  /** Whatever it is at. */
  | { readonly kind: 'die' };

export type FromWorker<Answer, Greeting> =
  | { readonly kind: 'ready'; readonly greeting: Greeting }
  | { readonly kind: 'answer'; readonly answer: Answer }
  /** What was asked could not be done; the worker lives on. `user`: it can be fixed by the user. */
  | { readonly kind: 'failed'; readonly user: boolean; readonly reason: string }
  /** The worker could not start. */
  | { readonly kind: 'unusable'; readonly user: boolean; readonly reason: string };
