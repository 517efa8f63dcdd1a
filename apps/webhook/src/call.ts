// A call of a monitoring system: the engine's answer, and what its sender hears. Alertmanager and Datadog take a refusal for
// a failed delivery, so they hear of it with 200: most alerts have nothing to do with a deployment.

import type {
  CallResult,
  Delivered,
  Ending,
  Engine,
  JsonReading,
  MonitoringCaller,
  Refusal,
  Settlement,
} from '@bg/engine';
import type { Answer } from './execute.ts';
import { readCall } from './hooks/monitoring/alerts.ts';

export type CalledEngine = Pick<Engine, 'monitoring' | 'recordRejection' | 'settings'>;

export function takeCall(
  engine: CalledEngine,
  name: string,
  { delivery, receivedAt, body }: Pick<Delivered, 'delivery' | 'receivedAt'> & { readonly body: JsonReading },
): Ending {
  const caller = engine.settings.monitoring.find((each) => each.name === name);
  if (!caller) return { state: 'parked', sentence: `the configuration has no caller "${name}" under monitoring` };
  const reading = body.ok ? readCall({ caller, payload: body.value, delivery, receivedAt }) : body;
  if (!reading.ok) return unreadable(engine, caller, reading.problem);
  if (!('call' in reading) || reading.call === undefined) return { state: 'ignored', sentence: reading.sentence };
  const { call } = reading;
  // One commit with what it does: a process that is killed here has done it once or not at all.
  return () => settlementOf(caller, engine.monitoring.take(call));
}

function unreadable(engine: CalledEngine, { name }: MonitoringCaller, problem: string): Settlement {
  const refusal: Refusal = { code: 'text-invalid', sentence: problem, hint: 'See docs/monitoring.md.' };
  engine.recordRejection({ kind: 'monitor', name, door: 'webhook' }, refusal);
  const answer: Answer = { status: 400, body: { code: 'body-invalid', sentence: problem } };
  return { state: 'parked', sentence: problem, answer };
}

const changing: readonly CallResult['state'][] = ['done', 'waiting', 'nothing', 'refused', 'lifted'];

function settlementOf({ name, sender }: MonitoringCaller, results: readonly CallResult[]): Settlement {
  if (results.length === 0) return ignored(`no rule of ${name} is about these alerts`, []);
  const sentence = results.map(({ sentence: each }) => each).join('; ');
  if (!results.some(({ state }) => changing.includes(state))) return ignored(sentence, results);
  const isRefused = results.every(({ state }) => state === 'refused');
  const status = isRefused && sender === 'script' ? 409 : 200;
  const code = isRefused ? results[0]?.code : undefined;
  const body = { ...(code === undefined ? {} : { code }), sentence, results };
  return {
    state: 'done',
    sentence: isRefused ? `refused: ${sentence}` : sentence,
    answer: { status, body } satisfies Answer,
  };
}

/** Repeated alerts come all day: they leave no row in the audit log. */
function ignored(sentence: string, results: readonly CallResult[]): Settlement {
  return { state: 'ignored', sentence, answer: { status: 200, body: { sentence, results } } satisfies Answer };
}
