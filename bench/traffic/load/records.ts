// What became of every request, small enough for a million of them.

import { type Ended, headerOf } from './wire.ts';

export type Trouble = 'lost' | 'truncated' | 'serverError' | 'wrong';

export const slots = ['blue', 'green'] as const;

/** Columns of one length. Times are milliseconds of the machine's monotonic clock. */
export interface Records {
  readonly started: Float64Array;
  readonly ended: Float64Array;
  /** Index in `slots`; 255 when the slot is unknown. */
  readonly slot: Uint8Array;
  readonly user: Uint16Array;
  /** 1 for a request that was asked to last. */
  readonly slow: Uint8Array;
}

export interface Report {
  readonly records: Records;
  readonly sent: number;
  readonly posts: number;
  readonly fresh: number;
  readonly troubles: Readonly<Record<Trouble, number>>;
  /** WebSockets and event streams that were cut or went wrong while they should have stayed. */
  readonly streamsCut: number;
  /** The first few, in words. */
  readonly problems: readonly string[];
}

export interface Asked {
  readonly user: number;
  readonly slow: boolean;
  readonly post: boolean;
  readonly fresh: boolean;
}

export interface Recorder {
  record(asked: Asked, times: { readonly started: number; readonly ended: number }, slot: string | undefined): void;
  trouble(what: Trouble, problem: string): void;
  streamCut(problem: string): void;
  sent(): number;
  report(): Report;
}

const maxProblems = 20;
export const maxRequests = 1 << 21;

export function createRecorder(): Recorder {
  const rows = {
    started: new Float64Array(maxRequests),
    ended: new Float64Array(maxRequests),
    slot: new Uint8Array(maxRequests),
    user: new Uint16Array(maxRequests),
    slow: new Uint8Array(maxRequests),
  };
  const troubles = { lost: 0, truncated: 0, serverError: 0, wrong: 0 };
  const counts = { sent: 0, posts: 0, fresh: 0, streamsCut: 0 };
  const problems: string[] = [];
  const note = (problem: string): void => {
    if (problems.length < maxProblems) problems.push(problem);
  };
  return {
    record: ({ user, slow, post, fresh }, { started, ended }, slot) => {
      const at = counts.sent++;
      rows.started[at] = started;
      rows.ended[at] = ended;
      rows.slot[at] = slot === 'blue' ? 0 : slot === 'green' ? 1 : 255;
      rows.user[at] = user;
      rows.slow[at] = slow ? 1 : 0;
      if (post) counts.posts += 1;
      if (fresh) counts.fresh += 1;
    },
    trouble: (what, problem) => {
      troubles[what] += 1;
      note(`${what}: ${problem}`);
    },
    streamCut: (problem) => {
      counts.streamsCut += 1;
      note(`stream: ${problem}`);
    },
    sent: () => counts.sent,
    report: () => ({
      ...counts,
      troubles: { ...troubles },
      problems: [...problems],
      records: {
        started: rows.started.slice(0, counts.sent),
        ended: rows.ended.slice(0, counts.sent),
        slot: rows.slot.slice(0, counts.sent),
        user: rows.user.slice(0, counts.sent),
        slow: rows.slow.slice(0, counts.sent),
      },
    }),
  };
}

/** Undefined when the answer is right. */
export function troubleOf(
  ended: Ended,
  { id, body }: { readonly id: string; readonly body: (answer: Buffer) => boolean },
): { readonly what: Trouble; readonly problem: string } | undefined {
  if (ended.kind === 'broken') return { what: ended.began ? 'truncated' : 'lost', problem: ended.problem };
  const { status, head, body: came } = ended.answer;
  if (status >= 500) return { what: 'serverError', problem: `status ${status}` };
  if (status !== 200) return { what: 'wrong', problem: `status ${status}` };
  if (headerOf(head, 'x-echo') !== id) return { what: 'wrong', problem: `the answer to another request than ${id}` };
  return body(came) ? undefined : { what: 'wrong', problem: `the body of ${id} is not what was sent` };
}
