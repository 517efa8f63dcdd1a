// Durations, sizes, percentages and addresses as people write them. Patterns are exported: the schema checks with the same.

import { entryOf } from './dispatch.ts';

const durationUnits = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
const sizeUnits = { B: 1, KB: 1024, MB: 1024 ** 2, GB: 1024 ** 3, TB: 1024 ** 4 } as const;

export const durationPattern = /^\d{1,9}(ms|s|m|h|d)$/;
export const positiveDurationPattern = /^(?!0+(ms|s|m|h|d)$)\d{1,9}(ms|s|m|h|d)$/;
export const sizePattern = /^\d{1,9}(B|KB|MB|GB|TB)$/;
export const percentagePattern = /^(100|\d{1,2}(\.\d{1,3})?)%$/;
/** Above zero, and at most 20 %. */
export const smallChancePattern = /^(?!0+(\.0+)?%$)(20|1?\d(\.\d{1,3})?)%$/;
export const listenPattern = /^((\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9.-]+):)?\d{1,5}$/;

/** Timers of the platform hold 2^31 - 1 ms; a longer one would fire at once. */
export const longestMs = 24 * durationUnits.d;

/** `30s` → 30000. @throws RangeError for a text that `durationPattern` refuses. */
export function parseDuration(text: string): number {
  return parseWith(text, durationUnits);
}

/** `64MB` → 67108864: 1 MB is 1024 × 1024 bytes. @throws RangeError for a text that `sizePattern` refuses. */
export function parseSize(text: string): number {
  return parseWith(text, sizeUnits);
}

/** `5%` → 0.05. */
export function parsePercentage(text: string): number {
  return Number(text.slice(0, -1)) / 100;
}

/** `8080` and `"8080"` listen on this machine only; `0.0.0.0:8080` on every address; `[::1]:8080` is IPv6. */
export function parseListen(listen: string | number): { readonly host: string; readonly port: number } {
  const text = String(listen);
  const colon = text.lastIndexOf(':');
  const host = colon < 0 ? '127.0.0.1' : text.slice(0, colon).replace(/^\[|\]$/g, '');
  return { host, port: Number(text.slice(colon + 1)) };
}

function parseWith(text: string, units: Readonly<Record<string, number>>): number {
  const [, amount, unit] = /^(\d+)([A-Za-z]+)$/.exec(text) ?? [];
  const factor = entryOf(units, unit);
  if (factor === undefined) throw new RangeError(`cannot read ${JSON.stringify(text)} as an amount with a unit`);
  return Number(amount) * factor;
}
