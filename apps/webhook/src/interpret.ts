// What a delivery means: a command is executed, an alert taken, and everything else is what CI reports of a build. The body is parsed
// once, here.

import { type Ending, type Engine, readJsonObject, type Settlement } from '@bg/engine';
import { type CalledEngine, takeCall } from './call.ts';
import { type Answer, type ExecutingEngine, execute } from './execute.ts';
import { callerOf } from './hooks/monitoring/hook.ts';
import type { Interpret } from './work.ts';

export type InterpretingEngine = ExecutingEngine & CalledEngine & Pick<Engine, 'builds'>;

export function createInterpret(engine: InterpretingEngine): Interpret {
  return async ({ hook, kind, body, delivery, receivedAt }) => {
    const parsed = readJsonObject(body);
    const caller = callerOf(hook);
    if (caller !== undefined) return takeCall(engine, caller, { delivery, receivedAt, body: parsed });
    // A command has no `event`.
    if (hook === 'generic' && !(parsed.ok && 'event' in parsed.value)) return execute(engine, parsed);
    if (!parsed.ok) return { state: 'parked', sentence: parsed.problem };
    const ending = await engine.builds.take({ hook, kind, document: parsed.value });
    return hook === 'generic' ? answered(ending) : ending;
  };
}

/** The sender of a build by the generic hook waits for its result, as for a command. */
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
