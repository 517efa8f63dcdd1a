// One line of nginx's log, as `log_format` in site.conf.hbs writes it:
// `1700000000.123 user blue 200 0.012 0.000 0.011 - 4f… drawn a0042`: end of the request in s, route, side, status, time,
// time to the service's connection, time to its answer's head, `1` for an event stream, the request's id, `drawn` for a
// user without a bucket (where users have cookies), the user's bucket or `a` and a number made of the address; of an
// answer 5xx also method and path. Times in s, `-` for none. Lines of earlier versions have fewer words at their end.

import type { SlotName } from '../../domain/target.ts';
import type { Ending } from '../counting/counters.ts';

export interface CountedRequest {
  readonly slot: SlotName;
  /** Epoch ms. */
  readonly endedMs: number;
  readonly ending: Ending;
}

export type LogLine =
  | { readonly kind: 'request'; readonly request: CountedRequest }
  /** A probe, a tester, or a user who was sent to no side. */
  | { readonly kind: 'uncounted' }
  | { readonly kind: 'unreadable' };

export function parseLogLine(line: string): LogLine {
  const [endedS, route, side, status, timeS, connectS, headS, stream, id, drawn, client, method, path] =
    line.split(' ');
  const endedMs = Number(endedS) * 1000;
  const timeMs = Number(timeS) * 1000;
  if (id === undefined || !Number.isFinite(endedMs) || !Number.isFinite(timeMs)) return { kind: 'unreadable' };
  if (route !== 'user' || (side !== 'blue' && side !== 'green')) return { kind: 'uncounted' };
  const failure = failureOf(Number(status), connectS ?? '-', headS ?? '-');
  const natural = stream === '1' || status === '101' ? Number(headS) * 1000 : timeMs;
  return {
    kind: 'request',
    request: {
      slot: side,
      endedMs,
      ending: {
        // 499: the user went away before the answer's head; nginx's own number, never sent.
        status: status === '499' ? undefined : Number(status),
        ms: Number.isFinite(natural) ? natural : timeMs,
        failure,
        drawn: drawn === 'drawn',
        client,
        request: { id, method, path },
      },
    },
  };
}

/** Only nginx's own 502 and 504 have no time of an answer's head. */
function failureOf(status: number, connect: string, head: string): Ending['failure'] {
  if (head !== '-' || (status !== 502 && status !== 504)) return undefined;
  if (connect === '-') return 'connect';
  return status === 504 ? 'timeout' : 'cut';
}
