// A request and its answer, as all that handles them sees them.

import type { ClientRequest, IncomingMessage, ServerResponse } from 'node:http';
import type { Counters, Ending } from '@bg/engine/counting';
import type { AccessLog } from './access-log.ts';
import type { Choice } from './choose-side.ts';
import type { FlatHeaders } from './headers.ts';
import type { Asked } from './instance-choice.ts';
import type { Log } from './log.ts';
import type { Instance } from './side.ts';
import type { Site } from './site.ts';
import type { Streams } from './streams.ts';

export interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly choice: Choice & { kind: 'side' };
  readonly site: Site;
  readonly counters: Counters;
  readonly access: AccessLog;
  readonly streams: Streams;
  readonly log: Log;
  /** `performance.now()` at the request's head. */
  readonly began: number;
  /** Whether the user waits for `100 Continue` before sending the body. The service decides, and it is passed on. */
  readonly expectsContinue: boolean;
  /** True once the proxy is ending: it then closes each connection after its answer. */
  readonly ending: () => boolean;
}

export interface RequestHead {
  readonly path: string;
  readonly headers: FlatHeaders;
}

/** An exchange under way. */
export interface Passage extends Exchange {
  readonly id: string;
  /** What every attempt sends. */
  readonly head: RequestHead;
  readonly asked: Asked;
  /** Those that it was sent to, the present one last. */
  readonly tried: Instance[];
  instance: Instance;
  outgoing: ClientRequest;
  /** From then on the body is gone from here, and the request cannot be sent again. */
  bodyBegan: boolean;
  status: number | undefined;
  /** Set where an answer has no natural end, with what to call when it ended after all. */
  headMs: number | undefined;
  leave: (() => void) | undefined;
  failure: Ending['failure'];
  /** Runs while the service is expected to do something. */
  limit: NodeJS.Timeout | undefined;
  stopBody: (() => void) | undefined;
}
