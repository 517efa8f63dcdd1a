import { randomBytes } from 'node:crypto';
import type { SimulatorClock } from './clock.ts';

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789';

/** Ids as Slack writes them: a capital letter for the kind, then capitals and digits. */
export function slackId(prefix: string, length = 9): string {
  const bytes = randomBytes(length);
  return prefix + Array.from(bytes, (byte) => ALPHABET[byte % ALPHABET.length]).join('');
}

/** A secret part of a URL or trigger. */
export function secretPart(bytes = 16): string {
  return randomBytes(bytes).toString('hex');
}

/** Message timestamps: seconds and six digits, strictly growing, because Slack uses them as ids within a channel. */
export function createTimestamps(clock: SimulatorClock): () => string {
  let lastMicros = 0n;
  return () => {
    const micros = BigInt(clock.now()) * 1000n;
    lastMicros = micros > lastMicros ? micros : lastMicros + 1n;
    return `${lastMicros / 1_000_000n}.${String(lastMicros % 1_000_000n).padStart(6, '0')}`;
  };
}
