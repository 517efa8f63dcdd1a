// Who notifies other programs: one for GitHub and one for each receiver of events, so that none waits for another.

import type { Engine } from '../../api/engine.ts';
import type { CdeventsSettings, EventSink, GithubSettings } from '../../config/statuses/statuses.ts';
import type { TracesSettings } from '../../config/statuses/traces.ts';
import type { Clock } from '../../lib/clock.ts';
import type { Log } from '../../lib/log.ts';
import { together } from '../../lib/tasks.ts';
import type { Store } from '../../state/store.ts';
import { deliver, type Transport } from '../deliver.ts';
import { type Follower, follow } from '../follow.ts';
import type { Notifier } from '../notify.ts';
import { cdeventsTransport, sinkTransport } from './cdevents.ts';
import { eventFacts } from './cdevents-facts.ts';
import { githubTransport } from './github.ts';
import { githubFacts, githubKey, githubName } from './github-facts.ts';
import { isGiven } from './outgoing.ts';
import { traceFact } from './trace-facts.ts';
import { tracesTransport, tracesTransportName } from './traces.ts';

export interface StatusParts {
  readonly engine: Pick<Engine, 'settings' | 'outbox' | 'audit' | 'cursor' | 'moveCursor' | 'changed' | 'status'>;
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
}

/** Without those whose token or secret this process was not given: another process has it. */
export function statusNotifiers(parts: StatusParts): readonly Notifier[] {
  const { github, cdevents, traces } = parts.engine.settings.statuses;
  const sinks = cdevents?.sinks.filter(({ name, token, secret }) => {
    const secrets = [token, secret].filter((each) => each !== undefined);
    return secrets.every(isGiven) || complain(parts, `statuses.cdevents: a variable of ${name}`);
  });
  const ofGithub = github && (isGiven(github.token) || complain(parts, 'statuses.github: the variable of the token'));
  const isTraced =
    traces &&
    (traces.token === undefined ||
      isGiven(traces.token) ||
      complain(parts, 'statuses.traces: the variable of the token'));
  return [
    ...(traces && isTraced ? [traceNotifier(parts, traces)] : []),
    ...(github && ofGithub ? [githubNotifier(parts, github)] : []),
    ...(sinks ?? []).map((sink) => sinkNotifier(parts, cdevents?.source ?? '', sink)),
  ];
}

function complain({ log }: StatusParts, what: string): false {
  log.error(`${what} is not set in the environment of this process, so it sends nothing`);
  return false;
}

function githubNotifier(parts: StatusParts, settings: GithubSettings): Notifier {
  const { engine, store, clock } = parts;
  const follower: Follower = {
    consumer: githubName,
    take: (row) => {
      for (const fact of githubFacts(store.db, settings, row)) {
        const key = githubKey(fact.deploymentId);
        engine.outbox.put({ key, transport: githubName, kind: githubName, payload: fact, final: true });
      }
    },
  };
  return notifierOf(
    parts,
    follower,
    githubTransport({ outbox: engine.outbox, notify: engine.settings.notify, clock }, settings),
  );
}

function sinkNotifier(parts: StatusParts, source: CdeventsSettings['source'], sink: EventSink): Notifier {
  const { engine, store, clock } = parts;
  const transport = sinkTransport(sink);
  const serving = () => engine.status().targets.filter(({ slots }) => slots.some(({ role }) => role === 'active'));
  const follower: Follower = {
    consumer: transport,
    take: (row) => {
      for (const fact of eventFacts({ db: store.db, source, serving }, row)) {
        const key = `${transport}:${fact.event.context.id}`;
        // An event is reported once, wherever the cursor is set back to.
        if (engine.outbox.reference(key) === undefined)
          engine.outbox.put({ key, transport, kind: 'cdevents', payload: fact });
      }
    },
  };
  return notifierOf(parts, follower, cdeventsTransport(sink, clock));
}

function traceNotifier(parts: StatusParts, settings: TracesSettings): Notifier {
  const { engine, store, clock } = parts;
  const follower: Follower = {
    consumer: tracesTransportName,
    take: (row) => {
      const fact = traceFact(store.db, row);
      const key = `${tracesTransportName}:${fact?.traceId}`;
      if (fact && !engine.outbox.has(key))
        engine.outbox.put({
          key,
          transport: tracesTransportName,
          kind: tracesTransportName,
          payload: fact,
          final: true,
        });
    },
  };
  return notifierOf(parts, follower, tracesTransport(settings, clock));
}

function notifierOf(parts: StatusParts, follower: Follower, transport: Transport): Notifier {
  const works = [
    (stop: AbortSignal) => follow(parts, follower, stop),
    (stop: AbortSignal) => deliver(parts, transport, stop),
  ];
  return { name: transport.name, work: (signal) => together(works, signal) };
}
