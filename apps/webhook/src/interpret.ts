// Which kind of delivery means what: an order is obeyed, and everything else is what CI says of a build.

import type { Ending, Engine, Settlement } from '@bg/engine';
import { readJsonObject } from './hooks/json.ts';
import { type Answer, type ObeyingEngine, obey } from './obey.ts';
import type { Interpret } from './work.ts';

export type InterpretingEngine = ObeyingEngine & Pick<Engine, 'builds'>;

export function createInterpret(engine: InterpretingEngine): Interpret {
  return async (delivery) => {
    if (delivery.hook !== 'generic') return engine.builds.take(delivery);
    return saysEvent(delivery.body) ? answered(await engine.builds.take(delivery)) : obey(engine, delivery);
  };
}

/** An order has no `event`. */
function saysEvent(body: Buffer): boolean {
  const reading = readJsonObject(body);
  return reading.ok && 'event' in reading.value;
}

/** Whoever sends a build by the generic hook waits for what becomes of it, as for an order. */
function answered(ending: Ending): Ending {
  return typeof ending === 'function' ? () => withAnswer(ending()) : withAnswer(ending);
}

function withAnswer(settlement: Settlement): Settlement {
  const { state, sentence } = settlement;
  const answer: Answer =
    state === 'parked'
      ? { status: 409, body: { code: 'build-refused', sentence } }
      : { status: 202, body: { state, sentence } };
  return { ...settlement, answer };
}
