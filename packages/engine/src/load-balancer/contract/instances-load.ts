// Users who send requests without a pause to sides with several instances; every answer is remembered with the instance
// that gave it. Half of the requests are POSTs, which nobody may send again.

import { createHash, randomBytes, randomInt, randomUUID } from 'node:crypto';
import { Agent } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { until } from '../../lib/testing/until.ts';
import { call } from './user.ts';

export interface Answered {
  readonly id: string;
  readonly method: 'GET' | 'POST';
  /** `blue-2`; undefined for a request that was lost. */
  readonly by: string | undefined;
  readonly lost: string | undefined;
}

export interface Load {
  readonly answered: readonly Answered[];
  /** How many requests can be in flight at a time. */
  readonly users: number;
  /** Resolves after some more answers. */
  goOn(answers: number): Promise<readonly Answered[]>;
  /** Resolves with the last answers, of which none came from this instance. */
  withoutAnswersOf(instance: string): Promise<void>;
  withAnswersOf(instance: string): Promise<void>;
  stop(): Promise<void>;
}

const keepAliveUsers = 12;
const freshUsers = 4;
const users = keepAliveUsers + freshUsers;
/** With three instances, some of these come from each that gets requests. */
const manyAnswers = 120;

export function startLoad(base: string): Load {
  const answered: Answered[] = [];
  const agent = new Agent({ keepAlive: true, maxSockets: keepAliveUsers });
  const ending = new AbortController();
  const use = async (kept: boolean) => {
    while (!ending.signal.aborted) {
      answered.push(await askOnce(base, kept ? agent : undefined));
      await delay(randomInt(1, 12));
    }
  };
  const working = Array.from({ length: users }, (_, at) => use(at < keepAliveUsers));
  const goOn = async (answers: number) => {
    const from = answered.length;
    await until(() => answered.length >= from + answers);
    return answered.slice(from);
  };
  return {
    answered,
    users,
    goOn,
    withoutAnswersOf: async (instance) => {
      await until(async () => !(await goOn(manyAnswers)).some(({ by }) => by === instance));
    },
    withAnswersOf: async (instance) => {
      await until(async () => (await goOn(manyAnswers)).some(({ by }) => by === instance));
    },
    stop: async () => {
      ending.abort();
      await Promise.all(working);
      agent.destroy();
    },
  };
}

async function askOnce(base: string, agent: Agent | undefined): Promise<Answered> {
  const id = randomUUID();
  const body = Math.random() < 0.5 ? randomBytes(randomInt(1, 8_192)) : undefined;
  const method = body === undefined ? 'GET' : 'POST';
  const path = `/wait/${randomInt(0, 25)}`;
  const connection = agent === undefined ? {} : { agent };
  try {
    const sent = { path, method, headers: { 'x-request-id': id }, ...(body ? { body } : {}), ...connection };
    const reply = await call(base, sent);
    if (reply.status !== 200) return { id, method, by: undefined, lost: `status ${reply.status}` };
    const { slot, instance, sha256 } = JSON.parse(reply.body) as { slot: string; instance: number; sha256: string };
    const arrived =
      sha256 ===
      createHash('sha256')
        .update(body ?? '')
        .digest('hex');
    return { id, method, by: `${slot}-${instance}`, lost: arrived ? undefined : 'the body did not arrive as sent' };
  } catch (thrown) {
    return { id, method, by: undefined, lost: String(thrown) };
  }
}

/** How many of the answers came from each instance. */
export function byInstance(answers: readonly Answered[]): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const { by = 'lost' } of answers) counts[by] = (counts[by] ?? 0) + 1;
  return counts;
}
