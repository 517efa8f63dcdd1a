// Turns HAProxy's log lines, one per request, into counts. Reads bytes, since turning each line into text would cost
// more than everything else: a line is `key second backend status ending route µs head-µs client id address method path`,
// and only numbers and single letters of it are read. The last words are read of a request that failed.

import type { SlotName } from '../../../domain/target.ts';
import { type Counters, type Ending, isFailure } from '../../counting/counters.ts';
import type { RequestFacts } from '../../counting/failures.ts';

export interface LineReader {
  /** Takes a chunk of one connection; what is left of a cut line waits for the next chunk. @returns the whole lines in it. */
  take(chunk: Buffer): Buffer;
}

export interface LineShape {
  /** First word of every line that is ours. */
  readonly key: string;
  /** Backends are named `<name>_blue` and `<name>_green`. */
  readonly name: string;
  readonly counters: Counters;
  /** Lines of each side so far, counted or not: what HAProxy's own totals are compared with. */
  readonly seen: Record<SlotName, number>;
}

const maxRestBytes = 8_192;
const nothing = Buffer.alloc(0);
const newline = 10;
const space = 32;
const drawnRoute = Buffer.from('new');
/** Words of a line, up to the client. */
const wordsRead = 9;

export function createLineReader({ key, name, counters, seen }: LineShape): LineReader {
  const keyBytes = Buffer.from(key);
  const backends = [
    { slot: 'blue', bytes: Buffer.from(`${name}_blue`) },
    { slot: 'green', bytes: Buffer.from(`${name}_green`) },
  ] as const;
  const ends = new Int32Array(wordsRead);
  let rest: Buffer = nothing;
  const takeLine = (bytes: Buffer, from: number, to: number) => {
    if (!findWords(bytes, from, to, ends)) return;
    const begin = (word: number) => (word === 0 ? from : (ends[word - 1] ?? 0) + 1);
    const isWord = (word: number, expected: Buffer) => equals(bytes, begin(word), ends[word] ?? 0, expected);
    const backend = isWord(0, keyBytes) ? backends.find((each) => isWord(2, each.bytes)) : undefined;
    if (backend === undefined) return;
    seen[backend.slot]++;
    // `-`: neither a tester nor a probe. `new`: a user who came without a bucket.
    const drawn = isWord(5, drawnRoute);
    if (!drawn && bytes[begin(5)] !== 45) return;
    const us = numberAt(bytes, begin(7), ends[7] ?? 0) ?? numberAt(bytes, begin(6), ends[6] ?? 0) ?? 0;
    const said = numberAt(bytes, begin(3), ends[3] ?? 0);
    const failure = failureOf(bytes[begin(4)], bytes[begin(4) + 1]);
    const status = said === undefined || said < 100 || said >= 600 ? undefined : sentFor(said, failure);
    counters.record(backend.slot, {
      status,
      ms: us / 1000,
      failure,
      drawn,
      client: numberAt(bytes, begin(8), ends[8] ?? 0),
      request: isFailure({ status, failure }) ? requestIn(bytes, begin(9), to) : undefined,
    });
  };
  return {
    take: (chunk) => {
      const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
      const end = bytes.lastIndexOf(newline) + 1;
      rest = bytes.length - end > maxRestBytes ? nothing : bytes.subarray(end);
      for (let from = 0; from < end; ) {
        const to = bytes.indexOf(newline, from);
        takeLine(bytes, from, to);
        from = to + 1;
      }
      return bytes.subarray(0, end);
    },
  };
}

/** Id, address, method and path; a path may be as long as the line. */
function requestIn(bytes: Buffer, from: number, to: number): RequestFacts {
  const [id, , method, path] = bytes.toString('latin1', from, Math.min(to, from + longestFacts)).split(' ');
  return { id, method, path };
}

const longestFacts = 1_000;

/** Where no connection was accepted the log says HAProxy's 503, and users get the 502 of the error file. */
const sentFor = (status: number, failure: Ending['failure']): number =>
  status === 503 && failure === 'connect' ? 502 : status;

/** Where each of the first words ends. False for a line that has fewer. */
function findWords(bytes: Buffer, from: number, to: number, ends: Int32Array): boolean {
  let word = 0;
  for (let at = from; at < to; at++) {
    if (bytes[at] !== space) continue;
    ends[word++] = at;
    if (word === wordsRead) return true;
  }
  return false;
}

function equals(bytes: Buffer, from: number, to: number, expected: Buffer): boolean {
  if (to - from !== expected.length) return false;
  for (let at = 0; at < expected.length; at++) if (bytes[from + at] !== expected[at]) return false;
  return true;
}

function numberAt(bytes: Buffer, from: number, to: number): number | undefined {
  let value = 0;
  for (let at = from; at < to; at++) {
    const digit = (bytes[at] ?? 0) - 48;
    if (digit < 0 || digit > 9) return undefined;
    value = value * 10 + digit;
  }
  return to > from ? value : undefined;
}

const letter = (text: string): number => text.charCodeAt(0);
const [client, server, slowServer, proxy] = ['C', 'S', 's', 'P'].map(letter);

/** Two letters: who ended it (C client, S server, s server too slow, P proxy), and when (C while connecting). */
function failureOf(who: number | undefined, when: number | undefined): Ending['failure'] {
  if (when === client && (who === server || who === slowServer)) return 'connect';
  if (who === slowServer) return 'timeout';
  return who === server || who === proxy ? 'cut' : undefined;
}
