// What one answer was worth, decided only from values.

import type { Exchange } from './exchange.ts';

/**
 * `ok`: the right answer. `bad-release`: an error from a release that is known to be bad; the balancer did not
 * cause it. `lost`: everything else, such as no answer, half of one, a wrong one, or an error by the balancer.
 */
export type Verdict = 'ok' | 'bad-release' | 'lost';

/** One request and what became of it. Times are milliseconds since the epoch. */
export interface Answer {
  readonly number: number;
  readonly user: number;
  readonly method: 'GET' | 'POST';
  /** Of an order. */
  readonly order: string | undefined;
  readonly keptAlive: boolean;
  readonly sentAt: number;
  readonly endedAt: number;
  readonly verdict: Verdict;
  /** Who served it, where the answer says so. */
  readonly slot: string | undefined;
  readonly version: string | undefined;
  /** Why it was not ok. */
  readonly problem: string | undefined;
}

/** What was sent, and so what must come back. */
export interface Sent {
  readonly method: 'GET' | 'POST';
  /** Of an order. */
  readonly id: string | undefined;
  readonly checksum: string | undefined;
}

type Judged = Pick<Answer, 'verdict' | 'slot' | 'version' | 'problem'>;

export function judgeAnswer(exchange: Exchange, sent: Sent, badVersions: ReadonlySet<string>): Judged {
  if (exchange.kind === 'broken')
    return { verdict: 'lost', slot: undefined, version: undefined, problem: exchange.problem };
  const [slot, version] = exchange.servedBy?.split(' ') ?? [];
  if (slot === undefined || version === undefined)
    return lost(undefined, undefined, `${exchange.status} that no release answered: ${shortly(exchange.body)}`);
  if (exchange.status !== 200) {
    const problem = `${exchange.status} by ${version}: ${shortly(exchange.body)}`;
    return badVersions.has(version) ? { verdict: 'bad-release', slot, version, problem } : lost(slot, version, problem);
  }
  const problem = whatIsWrong(exchange.body, sent, { slot, version });
  return problem === undefined ? { verdict: 'ok', slot, version, problem } : lost(slot, version, problem);
}

const lost = (slot: string | undefined, version: string | undefined, problem: string): Judged => ({
  verdict: 'lost',
  slot,
  version,
  problem,
});

function whatIsWrong(text: string, sent: Sent, server: { slot: string; version: string }): string | undefined {
  const body = asRecord(text);
  if (body === undefined) return `no JSON: ${shortly(text)}`;
  if (body.slot !== server.slot || body.version !== server.version)
    return `head and body name two servers: ${server.slot} ${server.version} and ${body.slot} ${body.version}`;
  if (sent.method === 'GET') return hasProducts(body) ? undefined : `no products: ${shortly(text)}`;
  if (body.status !== 'accepted') return `the order was not accepted: ${shortly(text)}`;
  if (body.id !== sent.id) return `the order ${sent.id} came back as ${body.id}`;
  if (body.checksum !== sent.checksum) return `the order ${sent.id} arrived changed`;
  if (body.times !== 1) return `the order ${sent.id} arrived ${body.times} times`;
  return undefined;
}

function hasProducts({ products }: Readonly<Record<string, unknown>>): boolean {
  return Array.isArray(products) && products.length > 0 && products.every((one) => typeof one?.id === 'number');
}

function asRecord(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? { ...value } : undefined;
  } catch {
    return undefined;
  }
}

const shortly = (text: string): string => text.trim().slice(0, 120) || '(empty)';
