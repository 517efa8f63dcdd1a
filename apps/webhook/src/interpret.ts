// Which kind of delivery means what: an order is obeyed, and everything else is what a code host says of a build.

import { type ObeyingEngine, obey } from './obey.ts';
import type { Interpret } from './work.ts';

export function createInterpret(engine: ObeyingEngine): Interpret {
  return async (delivery) =>
    delivery.hook === 'generic'
      ? obey(engine, delivery)
      : { state: 'ignored', sentence: 'no rule of the configuration wants it' };
}
