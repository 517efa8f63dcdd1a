// Who tells other programs: one for GitHub and one for each receiver of events, so that none waits for another.

import type { Engine } from '../../engine-api.ts';
import type { Clock } from '../../lib/clock.ts';
import type { Log } from '../../lib/log.ts';
import type { Store } from '../../state/store.ts';
import type { Teller } from '../tell.ts';
import { cdeventsTransport, sinkTransport } from './cdevents.ts';
import { eventFacts } from './cdevents-facts.ts';
import { type Follower, follow } from './follow.ts';
import { githubTransport } from './github.ts';
import { githubFacts, githubKey } from './github-facts.ts';
import { givenUpAfterMs, runSender, type Transport } from './send.ts';

export interface StatusParts {
  readonly engine: Pick<Engine, 'settings' | 'outbox' | 'audit' | 'cursor' | 'moveCursor' | 'changed' | 'status'>;
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
}

export function statusTellers(parts: StatusParts): readonly Teller[] {
  const { github, cdevents } = parts.engine.settings.statuses;
  return [
    ...(github ? [githubTeller(parts, github)] : []),
    ...(cdevents ? cdevents.sinks.map((sink) => sinkTeller(parts, cdevents.source, sink)) : []),
  ];
}

type Settings = StatusParts['engine']['settings']['statuses'];
type Sink = NonNullable<Settings['cdevents']>['sinks'][number];

function githubTeller(parts: StatusParts, settings: NonNullable<Settings['github']>): Teller {
  const { engine, store, clock } = parts;
  const follower: Follower = {
    consumer: 'github',
    take: (row) => {
      for (const fact of githubFacts(store.db, settings, row)) {
        const key = githubKey(fact.deploymentId);
        const isThere = engine.outbox.reference(key) !== undefined;
        // What is there must not stay as it is; what nobody there knows of is no news after a day.
        if (!isThere && isOld(row.at, clock)) continue;
        engine.outbox.put({ key, transport: 'github', kind: 'github', payload: fact, final: fact.final });
      }
    },
  };
  return tellerOf(parts, follower, githubTransport(settings, clock));
}

function sinkTeller(parts: StatusParts, source: string, sink: Sink): Teller {
  const { engine, store, clock } = parts;
  const transport = sinkTransport(sink);
  const serving = () => engine.status().targets.filter(({ slots }) => slots.some(({ role }) => role === 'active'));
  const follower: Follower = {
    consumer: transport,
    take: (row) => {
      if (isOld(row.at, clock)) return;
      for (const fact of eventFacts({ db: store.db, source, serving }, row)) {
        const key = `${transport}:${fact.event.context.id}`;
        // Said once, even when the cursor was not moved on before the process ended.
        if (engine.outbox.reference(key) === undefined)
          engine.outbox.put({ key, transport, kind: 'cdevents', payload: fact });
      }
    },
  };
  return tellerOf(parts, follower, cdeventsTransport(sink, clock));
}

const isOld = (at: number, clock: Clock): boolean => clock.now() - at > givenUpAfterMs;

function tellerOf(parts: StatusParts, follower: Follower, transport: Transport): Teller {
  return {
    name: transport.name,
    work: async (signal) => {
      const over = new AbortController();
      const until = AbortSignal.any([signal, over.signal]);
      const both = [follow(parts, follower, until), runSender(parts, transport, until)];
      // One that failed takes the other with it: they are begun again together.
      const ends = await Promise.allSettled(both.map((part) => part.finally(() => over.abort())));
      for (const end of ends) if (end.status === 'rejected' && !signal.aborted) throw end.reason;
    },
  };
}
