// WebSockets and streams left on a side that gets no users any more: closed one by one over the configured time, so that
// they do not all come back at once. Requests in flight are not closed: only what lasts longer than any answer may take
// to begin is taken for a stream.

import type { Routing } from '../../domain/routing.ts';
import { otherSlot, type SlotName } from '../../domain/target.ts';
import { sleepUnref } from '../../lib/clock.ts';
import { messageOf } from '../../lib/errors.ts';
import type { Parts } from './parts.ts';

export interface StreamCloser {
  /** Begins again with each routing; a side that is used again keeps its streams. */
  follow(routing: Routing): void;
}

const maxRounds = 1_000;

export function createStreamCloser(parts: Parts): StreamCloser {
  let latest: Routing | undefined;
  return {
    follow: (routing) => {
      latest = routing;
      const left = leftSide(routing);
      if (left === undefined || parts.spec.drainSpreadMs === 0) return;
      void closeAll(parts, left, () => latest === routing).catch((thrown) =>
        parts.log.warn({ slot: left, why: messageOf(thrown) }, 'streams of the old side are left as they are'),
      );
    },
  };
}

/** Pure: the side that gets no users except testers. */
function leftSide({ active, canary }: Routing): SlotName | undefined {
  return active === undefined || canary !== undefined ? undefined : otherSlot(active);
}

async function closeAll({ nodes, place, spec, clock }: Parts, slot: SlotName, goesOn: () => boolean): Promise<void> {
  const backend = `${place.name}_${slot}`;
  const end = clock.monotonic() + spec.drainSpreadMs;
  for (let round = 0; round < maxRounds && goesOn(); round++) {
    const listed = await Promise.all(
      nodes.map(async ({ runtime }) =>
        (await runtime.streams(backend, spec.requestTimeoutMs)).map((id) => ({ runtime, id })),
      ),
    );
    const streams = listed.flat();
    const left = Math.max(0, end - clock.monotonic());
    if (streams.length === 0 && left === 0) return;
    // The present streams share what is left of the time; there are no new ones, since no user is sent here.
    const [next] = streams;
    if (next && goesOn()) await next.runtime.endStream(next.id);
    await sleepUnref(Math.min(left === 0 ? 5 : 1_000, Math.max(5, left / Math.max(1, streams.length))));
  }
}
