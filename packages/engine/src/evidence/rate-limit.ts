// A service that limits how often it is asked (429): it is not asked again before it allows it.

import type { Clock } from '../lib/clock.ts';
import { BlueGreenError } from '../lib/errors.ts';
import type { HttpAnswer } from '../lib/http.ts';

export interface RateLimit {
  /** @throws BlueGreenError `evidence-unreadable` while it must not be asked */
  check(): void;
  /** @throws BlueGreenError `evidence-unreadable`: always */
  reached(answer: Pick<HttpAnswer, 'headers'>): never;
}

const usualSeconds = 30;
const longestSeconds = 300;

export function createRateLimit(name: string, clock: Clock): RateLimit {
  let until = Number.NEGATIVE_INFINITY;
  const refuse = (): never => {
    const seconds = Math.max(1, Math.ceil((until - clock.monotonic()) / 1000));
    throw new BlueGreenError(
      'evidence-unreadable',
      `${name} limits how often it is asked; it is asked again in ${seconds} s`,
    );
  };
  return {
    check: () => {
      if (clock.monotonic() < until) refuse();
    },
    reached: ({ headers }) => {
      const said = Number(headers['retry-after'] ?? headers['x-ratelimit-reset']);
      const seconds = Number.isFinite(said) && said > 0 ? Math.min(longestSeconds, said) : usualSeconds;
      until = clock.monotonic() + seconds * 1000;
      return refuse();
    },
  };
}
