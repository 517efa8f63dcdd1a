// Slack's rate limits, respected before Slack refuses: `chat.update` 50 a minute for everything together, `chat.postMessage` about
// one a second per channel. A bucket that Slack itself closed (429) stays closed for as long as Slack said. Its answer does
// not say which limit was reached: the channel waits at first, and all channels when a second one is closed as well.

import type { Clock } from '@bg/engine';

export interface Buckets {
  /** Takes one token; false when there is none now. */
  take(method: Method, channel?: string): boolean;
  /** Slack said 429: this method waits, no other does; for one channel, if that may be it. */
  closeFor(method: Method, ms: number, channel?: string): void;
}

export type Method = 'chat.update' | 'chat.postMessage';

interface Rule {
  readonly size: number;
  readonly perMs: number;
}

const rules: Readonly<Record<Method, Rule>> = {
  'chat.update': { size: 5, perMs: 45 / 60_000 },
  'chat.postMessage': { size: 2, perMs: 1 / 1000 },
};

const maxChannels = 1000;

const keyOf = (method: Method, channel: string): string =>
  method === 'chat.postMessage' ? `${method} ${channel}` : method;

export function createBuckets(clock: Clock): Buckets {
  const levels = new Map<string, { readonly tokens: number; readonly at: number }>();
  const closedUntil = new Map<string, number>();
  const isClosed = (key: string): boolean => (closedUntil.get(key) ?? 0) > clock.now();
  return {
    take(method, channel = '') {
      const now = clock.now();
      const key = keyOf(method, channel);
      if (isClosed(method) || isClosed(key)) return false;
      const { size, perMs } = rules[method];
      const before = levels.get(key) ?? { tokens: size, at: now };
      const tokens = Math.min(size, before.tokens + (now - before.at) * perMs);
      if (levels.size >= maxChannels) levels.clear();
      levels.set(key, { tokens: tokens >= 1 ? tokens - 1 : tokens, at: now });
      return tokens >= 1;
    },
    closeFor(method, ms, channel) {
      const key = channel === undefined ? method : keyOf(method, channel);
      const isSecond = [...closedUntil.keys()].some((one) => one !== key && one.startsWith(method) && isClosed(one));
      for (const one of closedUntil.keys()) if (!isClosed(one)) closedUntil.delete(one);
      closedUntil.set(isSecond ? method : key, clock.now() + ms);
    },
  };
}
