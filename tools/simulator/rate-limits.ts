// Slack's documented limits for what a deployment bot calls most: beyond them 429 with Retry-After, per method.
import type { SimulatorClock } from './clock.ts';

export interface RateLimits {
  /** Seconds to wait; undefined when the call is within the limits, and counts. */
  exceeded(method: string, channel: unknown): number | undefined;
}

interface Rule {
  readonly calls: number;
  readonly withinMs: number;
  readonly perChannel: boolean;
}

/** Posting: one a second per channel, where short bursts pass. Updates: tier 3, fifty a minute for all messages together. */
const RULES: Readonly<Record<string, Rule>> = {
  'chat.postMessage': { calls: 8, withinMs: 5000, perChannel: true },
  'chat.update': { calls: 50, withinMs: 60_000, perChannel: false },
  'usergroups.users.list': { calls: 20, withinMs: 60_000, perChannel: false },
  'conversations.list': { calls: 20, withinMs: 60_000, perChannel: false },
  'views.publish': { calls: 100, withinMs: 60_000, perChannel: false },
};

export function createRateLimits(clock: SimulatorClock): RateLimits {
  const callsAt = new Map<string, readonly number[]>();
  return {
    exceeded: (method, channel) => {
      const rule = Object.hasOwn(RULES, method) ? RULES[method] : undefined;
      if (rule === undefined) return undefined;
      const key = rule.perChannel ? `${method} ${String(channel)}` : method;
      const now = clock.now();
      const recent = (callsAt.get(key) ?? []).filter((at) => at > now - rule.withinMs);
      const [oldest = now] = recent;
      if (recent.length >= rule.calls) return Math.max(1, Math.ceil((oldest + rule.withinMs - now) / 1000));
      callsAt.set(key, [...recent, now]);
      return undefined;
    },
  };
}
