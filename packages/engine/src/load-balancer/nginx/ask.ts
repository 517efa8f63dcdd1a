// What nginx reports about itself, asked where users connect: which configuration it follows, which routing it finds on
// its disk, and above all which side it chooses for which user.

import type { Routing } from '../../domain/routing.ts';
import { BlueGreenError, messageOf } from '../../lib/errors.ts';
import { type HttpAnswer, httpRequest } from '../../lib/http.ts';
import type { BalancerSpec } from '../load-balancer.ts';
import { parseRouting, type RoutingOrder } from './generations.ts';
import { tablesOf } from './routing-table.ts';
import { bucketHeader, controlPath, probeHeader } from './site.ts';

export interface Connections {
  /** Requests in flight, without this one. */
  readonly requests: number;
  /** Of users, waiting for their next request. */
  readonly idle: number;
}

export interface Asker {
  /** sha256 of the configuration in force; undefined when something else than our nginx answers. @throws `balancer-unreachable` */
  settings(): Promise<string | undefined>;
  /** The routing that nginx itself reads. @throws `balancer-unreachable`, `balancer-unsettled` */
  routing(): Promise<RoutingOrder>;
  /** Where nginx decides differently from this routing: one sentence, or undefined. @throws `balancer-unreachable` */
  difference(routing: Routing): Promise<string | undefined>;
  connections(): Promise<Connections>;
}

const answerWithinMs = 3_000;

export function createAsker(options: {
  readonly entrypoint: string;
  readonly nonce: string;
  readonly spec: BalancerSpec;
}): Asker {
  const { entrypoint, nonce, spec } = options;
  const ask = async (what: string, headers: Readonly<Record<string, string>> = {}): Promise<HttpAnswer> => {
    const url = `${entrypoint}${controlPath(nonce)}/${what}`;
    try {
      return await httpRequest({ url, headers, timeoutMs: answerWithinMs });
    } catch (thrown) {
      const why = messageOf(thrown).replaceAll(nonce, '[secret]');
      throw new BlueGreenError('balancer-unreachable', `nginx does not answer: ${why}`, {}, thrown);
    }
  };
  const decide = async (headers: Readonly<Record<string, string>>): Promise<string> => {
    const { status, body } = await ask('decision', { [probeHeader]: nonce, ...headers });
    return status === 200 ? body : `status ${status}`;
  };
  return {
    settings: async () => {
      const { status, body } = await ask('settings');
      return status === 200 && /^[0-9a-f]{64}$/.test(body) ? body : undefined;
    },
    routing: async () => readRouting(await ask('routing')),
    difference: (routing) => differenceOf(routing, spec, decide),
    connections: async () => readConnections(await ask('connections')),
  };
}

/** The first and the last share of each side, and a tester: a routing that differs anywhere differs there. */
async function differenceOf(
  routing: Routing,
  spec: BalancerSpec,
  decide: (headers: Readonly<Record<string, string>>) => Promise<string>,
): Promise<string | undefined> {
  const tables = tablesOf(routing);
  const edge = routing.canary?.percent ?? 0;
  const shares = [...new Set([0, edge - 1, edge, 99])].filter((share) => share >= 0 && share < 100);
  const questions = shares.map((share) => ({
    who: `users of share ${share}`,
    headers: { [bucketHeader]: String(share * 100) } as Record<string, string>,
    expected: sideIn(tables.users.files, share),
  }));
  if (spec.preview)
    questions.push({
      who: 'testers',
      headers: { [spec.preview.header]: spec.preview.token, [bucketHeader]: '0' },
      expected: sideIn(tables.header.files, 0),
    });
  const found = await Promise.all(questions.map(async (each) => ({ ...each, side: await decide(each.headers) })));
  const wrong = found.find(({ side, expected }) => side !== expected);
  return wrong && `${wrong.who} get ${wrong.side} from nginx instead of ${wrong.expected}`;
}

function sideIn(files: readonly string[], share: number): 'blue' | 'green' | 'none' {
  if (files.includes(String(share).padStart(2, '0'))) return 'green';
  return files.includes('live') ? 'blue' : 'none';
}

function readRouting({ status, body }: HttpAnswer): RoutingOrder {
  try {
    if (status !== 200) throw new Error(`status ${status}`);
    return parseRouting(body);
  } catch (thrown) {
    throw new BlueGreenError('balancer-unsettled', `nginx cannot read its routing: ${messageOf(thrown)}`, {}, thrown);
  }
}

/** `Active connections: 3 … Reading: 0 Writing: 2 Waiting: 1`; the question itself is one of those writing. */
function readConnections({ body }: HttpAnswer): Connections {
  const number = (name: string): number => Number(new RegExp(`${name}: (\\d+)`).exec(body)?.[1] ?? 0);
  return { requests: Math.max(0, number('Writing') - 1), idle: number('Waiting') };
}
