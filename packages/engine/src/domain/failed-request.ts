// Requests that failed on one side, for people who look for the reason.

/** A request that failed, as the load balancer logged it. All of it is text from outside, printable and bounded. */
export interface FailedRequest {
  /** Epoch ms: when it ended. */
  readonly at: number;
  /** The client's `x-request-id`, else the load balancer's. Undefined where its log does not say it. */
  readonly id: string | undefined;
  readonly method: string | undefined;
  /** Without what follows `?`. */
  readonly path: string | undefined;
  /** What the user got; undefined when there was no answer. */
  readonly status: number | undefined;
  /** The load balancer got no whole answer of the service. */
  readonly failure: 'connect' | 'timeout' | 'cut' | undefined;
  readonly ms: number;
}

/** As many as a person reads. */
export const mostFailedRequests = 10;

/** `GET /cart 500 in 12 ms, request 4f…`. Without its time, which each reader writes in another way. */
export function failedRequestText({ id, method, path, status, failure, ms }: FailedRequest): string {
  const what = method === undefined && path === undefined ? 'a request' : `${method ?? '?'} ${path ?? '?'}`;
  const why = failure === undefined ? '' : ` (${failures[failure]})`;
  const named = id === undefined ? '' : `, request ${id}`;
  return `${what} ${status ?? 'no answer'}${why} in ${Math.round(ms)} ms${named}`;
}

const failures = {
  connect: 'it accepted no connection',
  timeout: 'it did not answer in time',
  cut: 'it dropped the connection',
} as const satisfies Record<NonNullable<FailedRequest['failure']>, string>;
