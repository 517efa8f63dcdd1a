// The first requests that failed on one side, of each minute of the last hour: what a person reads when a release was
// taken back. Texts come from clients: they are bounded here, and only printable ASCII is left of them.

import { type FailedRequest, mostFailedRequests } from '../../domain/failed-request.ts';

export interface RequestFacts {
  readonly id: string | undefined;
  readonly method: string | undefined;
  /** As it was requested. */
  readonly path: string | undefined;
}

/** What is read of an ending. */
interface Failure extends Pick<FailedRequest, 'status' | 'failure' | 'ms'> {
  readonly request?: RequestFacts | undefined;
}

export interface FailureList {
  /** `at`: epoch ms. */
  add(at: number, failure: Failure): void;
  /** Oldest first. */
  since(sinceMs: number): readonly FailedRequest[];
}

const minutesKept = 60;
const longest = { id: 128, method: 20, path: 200 } as const;

export function createFailureList(): FailureList {
  const ring: { minute: number; readonly failed: FailedRequest[] }[] = [];
  return {
    add: (at, failure) => {
      const minute = Math.floor(at / 60_000);
      const place = minute % minutesKept;
      const present = ring[place];
      // A line of a log may come late, when its minute has been forgotten.
      if (present !== undefined && present.minute > minute) return;
      if (present?.minute !== minute) ring[place] = { minute, failed: [failed(at, failure)] };
      else keepFirst(present.failed, failed(at, failure));
    },
    since: (sinceMs) =>
      ring
        .flatMap((each) => each?.failed ?? [])
        .filter(({ at }) => at >= sinceMs)
        .toSorted((one, other) => one.at - other.at)
        .slice(0, mostFailedRequests),
  };
}

/** Several workers write a log, so that a line may come after those of later requests. */
function keepFirst(kept: FailedRequest[], one: FailedRequest): void {
  const later = kept.findIndex(({ at }) => at > one.at);
  kept.splice(later === -1 ? kept.length : later, 0, one);
  if (kept.length > mostFailedRequests) kept.pop();
}

function failed(at: number, { request, status, failure, ms }: Failure): FailedRequest {
  return {
    at: Math.round(at),
    id: printable(request?.id, longest.id),
    method: printable(request?.method, longest.method),
    path: printable(withoutQuery(request?.path), longest.path),
    status,
    failure,
    ms: Math.round(ms * 10) / 10,
  };
}

/** A query may hold what a user typed, or a token. The absolute form of an address may hold a password before `@`. */
const withoutQuery = (path: string | undefined): string | undefined =>
  path?.replace(/[?#][\s\S]*$/, '').replace(/^[A-Za-z][A-Za-z0-9+.-]*:\/\/[^/]*/, '');

function printable(text: string | undefined, most: number): string | undefined {
  const whole = text?.slice(0, most).replace(/[^\x21-\x7e]/g, '_');
  return whole === undefined || whole === '' || whole === '-' ? undefined : whole;
}
