// Executes a command of the generic hook: the engine's verb, and the answer for the sender.

import type {
  Actor,
  DeploymentView,
  Ending,
  Engine,
  JsonReading,
  PlanView,
  Refusal,
  Result,
  Settlement,
} from '@bg/engine';
import { type DeployCommand, readCommand } from './hooks/command.ts';

export interface Answer {
  readonly status: 200 | 202 | 400 | 401 | 409 | 429 | 500 | 503;
  readonly body: Readonly<Record<string, unknown>>;
}

export type ExecutingEngine = Pick<Engine, 'deploy' | 'plan' | 'recordRejection'>;

const theWebhook: Actor = { kind: 'machine', name: 'webhook', door: 'webhook' };

/** @throws when the engine does not answer: the delivery is tried again later */
export async function execute(engine: ExecutingEngine, body: JsonReading): Promise<Ending> {
  const reading = body.ok ? readCommand(body.value) : body;
  if (!reading.ok) {
    const refusal: Refusal = { code: 'text-invalid', sentence: reading.problem, hint: 'See the receiver’s README.' };
    engine.recordRejection(theWebhook, refusal);
    return parked(400, 'body-invalid', reading.problem);
  }
  const { command } = reading;
  const request = { ...command, reason: reasonOf(command), actor: theWebhook };
  if (!command.deploy) return settlementOf(command, await engine.plan(request));
  // One commit with the settlement: a process that is killed here has asked once or not at all.
  return () => settlementOf(command, engine.deploy(request));
}

function settlementOf(command: DeployCommand, asked: Result<DeploymentView> | Result<PlanView>): Settlement {
  if (!asked.ok) return parked(409, asked.refusal.code, asked.refusal.sentence, asked.refusal.hint);
  if ('id' in asked.value)
    return done(202, `asked for the deployment of ${command.version}`, { deployment: asked.value });
  return done(200, `planned the deployment of ${command.version}`, { deployment: null, plan: asked.value });
}

function done(status: Answer['status'], sentence: string, body: Answer['body']): Settlement {
  return { state: 'done', sentence, answer: { status, body } satisfies Answer };
}

function parked(status: Answer['status'], code: string, sentence: string, hint?: string): Settlement {
  const body = hint === undefined ? { code, sentence } : { code, sentence, hint };
  return { state: 'parked', sentence, answer: { status, body } satisfies Answer };
}

function reasonOf({ reason, by }: DeployCommand): string | undefined {
  if (by === undefined) return reason;
  return reason === undefined ? `asked by ${by}` : `${reason} (asked by ${by})`;
}
