// One message per incident of a side: posted when it begins, edited while it lasts, and ended once. Crashes that follow one
// another within ten minutes are one incident, whatever is well in between.

import type { AuditRead, Engine, Log, SlotName, TargetView } from '@bg/engine';
import { messageOf } from '@bg/engine';
import type { IncidentFacts } from '../cards/incident-card.ts';
import { activeSlot } from '../cards/live-end.ts';
import { incidentKey, incidentStateKey, type Payloads, putOnce, readIncident, transport } from '../outbox/messages.ts';
import { announces } from './announcements.ts';
import { redrawEarlier } from './earlier-cards.ts';

export interface Incidents {
  /** Follows one row of the log; rows that were followed before change nothing. */
  readonly follow: (event: AuditRead) => void;
  /** Ends what has been well for long enough, or has no users any more. */
  readonly look: () => void;
}

interface Options {
  readonly engine: Engine;
  readonly clock: { readonly now: () => number };
  readonly log: Log;
}

/** Well for so long: the incident is over. */
export const quietMs = 10 * 60_000;
const lookMs = 1_000;

export function createIncidents({ engine, clock, log }: Options): Incidents {
  const open = new Map<string, IncidentFacts>(readOpen(engine));
  let nextAt = 0;
  return {
    follow: (event) => {
      if (!announces(event, 'message', 'incident') || event.service === null || event.target === null) return;
      const { slot } = event.detail;
      const found = engine.target({ service: event.service, target: event.target });
      if (slot === undefined || !found.ok) return;
      const before = readIncident(engine.outbox.reference(incidentStateKey({ ...found.value, slot })));
      if (before !== undefined && event.seq <= before.lastSeq) return;
      const goesOn = before !== undefined && before.over === undefined && isOf(before, event);
      if (before !== undefined && before.over === undefined && !goesOn) store(end(before, 'replaced', clock.now()));
      const next = goesOn ? goOn(before, event) : begin(event, found.value);
      if (next === undefined) return;
      store(next);
      callFor(engine, next, event, !goesOn);
    },
    look: () => {
      if (open.size === 0 || clock.now() < nextAt) return;
      nextAt = clock.now() + lookMs;
      for (const facts of open.values())
        try {
          const how = endOf(engine, facts, clock.now());
          if (how === undefined) continue;
          const over = end(facts, how, clock.now());
          store(over);
          putOnce(engine.outbox, {
            key: `${incidentKey(over)}:end`,
            kind: 'incident-line',
            payload: { incident: over, sentence: undefined, mention: false },
            urgent: true,
          });
        } catch (thrown) {
          log.error({ problem: messageOf(thrown) }, 'an incident could not be looked at');
        }
    },
  };

  function store(facts: IncidentFacts): void {
    const key = incidentStateKey(facts);
    if (facts.over === undefined) open.set(key, facts);
    else open.delete(key);
    const payload: Payloads['incident'] = facts;
    engine.outbox.put({ key: incidentKey(facts), transport, kind: 'incident', payload, urgent: true });
    engine.outbox.remember(key, transport, facts);
    // The card of the release says that it is in trouble, and that it is not any more.
    redrawEarlier(engine, { ...facts, deploymentId: null });
  }
}

function* readOpen({ settings, outbox }: Engine): Iterable<[string, IncidentFacts]> {
  for (const { service, target } of settings.targets)
    for (const slot of ['blue', 'green'] as const) {
      const key = incidentStateKey({ service, target, slot });
      const facts = readIncident(outbox.reference(key));
      if (facts !== undefined && facts.over === undefined) yield [key, facts];
    }
}

type Trouble = AuditRead<
  | 'health-changed'
  | 'crashed'
  | 'restarted'
  | 'restart-failed'
  | 'recovered'
  | 'guard-acted'
  | 'guard-paged'
  | 'guard-exhausted'
  | 'guard-ended'
>;

function begin(
  event: Trouble,
  { name, channel, service, target, slots, routing }: TargetView,
): IncidentFacts | undefined {
  const { seq, at, sentence } = event;
  const slot = event.detail.slot as SlotName;
  const side = slots.find((each) => each.slot === slot);
  const isLive = routing.active === slot;
  if (!isTrouble(event, isLive)) return undefined;
  return {
    ...{ service, target, name, channel, slot, isLive, version: side?.version ?? 'what runs there' },
    ...{ firstSeq: seq, lastSeq: seq, firstAt: at, lastAt: at, sentence, wellSince: undefined, acted: undefined },
    ...{ crashes: event.action === 'crashed' ? 1 : 0, restarts: 0, over: undefined },
    ...(isAct(event) ? { acted: sentence } : {}),
  };
}

/** What begins an incident. A standby that is unwell has no users; one that crashes makes a rollback slow. */
function isTrouble(event: Trouble, isLive: boolean): boolean {
  if (event.action === 'health-changed') return isLive && isUnwell(event.code);
  return event.action !== 'recovered' && event.action !== 'restarted' && event.action !== 'guard-ended';
}

const isUnwell = (code: string | null): boolean => code === 'unhealthy' || code === 'degraded';
const isAct = ({ action }: Trouble): boolean =>
  action === 'guard-acted' || action === 'guard-paged' || action === 'guard-exhausted';

function goOn(facts: IncidentFacts, event: Trouble): IncidentFacts {
  const { at, sentence, seq } = event;
  const seen = { ...facts, lastSeq: seq };
  const ill = { ...seen, lastAt: at, sentence, wellSince: undefined };
  switch (event.action) {
    case 'crashed':
      return { ...ill, crashes: facts.crashes + 1 };
    case 'restart-failed':
      return ill;
    case 'health-changed':
      return isUnwell(event.code)
        ? { ...ill, sentence: facts.crashes > 0 ? facts.sentence : sentence }
        : well(seen, at);
    case 'restarted':
      return { ...well(seen, at), restarts: facts.restarts + 1 };
    case 'recovered':
    case 'guard-ended':
      return well(seen, at);
    case 'guard-acted':
    case 'guard-paged':
    case 'guard-exhausted':
      return { ...seen, lastAt: at, acted: sentence };
    default:
      return event satisfies never;
  }
}

const well = (facts: IncidentFacts, at: number): IncidentFacts => ({ ...facts, wellSince: facts.wellSince ?? at });

/** Not every event names the release. */
function isOf({ version }: IncidentFacts, { detail }: Trouble): boolean {
  const named = 'version' in detail ? detail.version : undefined;
  return named === undefined || named === null || named === version;
}

type How = NonNullable<IncidentFacts['over']>['how'];

const end = (facts: IncidentFacts, how: How, at: number): IncidentFacts => ({ ...facts, over: { how, at } });

function endOf({ target }: Engine, facts: IncidentFacts, now: number): How | undefined {
  const found = target({ service: facts.service, target: facts.target });
  if (!found.ok) return 'replaced';
  const { slots, live } = found.value;
  const side = slots.find(({ slot }) => slot === facts.slot);
  if (side?.version !== facts.version || side.role === 'idle') return 'replaced';
  if (facts.isLive && live === undefined && activeSlot(found.value)?.slot !== facts.slot) return 'moved';
  return facts.wellSince !== undefined && now - facts.wellSince >= quietMs ? 'stable' : undefined;
}

/** An edit notifies nobody: what needs a person later than the first message is a reply with a mention. */
function callFor({ outbox }: Engine, incident: IncidentFacts, event: Trouble, isFirst: boolean): void {
  const needsPerson = event.action === 'guard-paged' || event.action === 'guard-exhausted';
  if (isFirst || !(needsPerson || event.action === 'guard-acted' || event.action === 'restart-failed')) return;
  putOnce(outbox, {
    key: `${incidentKey(incident)}:${event.action}`,
    kind: 'incident-line',
    payload: { incident, sentence: event.sentence, mention: needsPerson },
    urgent: true,
  });
}
