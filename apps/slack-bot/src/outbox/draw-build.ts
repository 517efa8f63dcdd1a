// Messages about builds, drawn from their row of the audit log and from the present state of the targets.

import {
  type AuditRead,
  buildAnnouncedIn,
  buildFactsIn,
  type Engine,
  type Person,
  readEvent,
  type StoredBuild,
} from '@bg/engine';
import { announces } from '../announce/announcements.ts';
import type { Card } from '../cards/blocks.ts';
import { buildCard } from '../cards/build-card.ts';
import { buildAlertCard } from '../cards/build-lines.ts';
import { sidesOf } from '../cards/build-sides.ts';
import { nameFormatter, type PeopleFormatter } from '../cards/people-formatter.ts';
import type { Slack } from '../slack/api.ts';
import { cardKey } from './messages.ts';
import { readMessageRef } from './references.ts';

type Source = Pick<Engine, 'audit' | 'builds' | 'history' | 'outbox' | 'settings' | 'target'>;

interface DrawContext {
  readonly engine: Source;
  readonly slack: Pick<Slack, 'addressOf'>;
}

interface DrawnBuild {
  readonly channel: string;
  readonly card: Card;
}

interface BuildMessage {
  readonly seq: number;
  readonly service: string;
  readonly channel: string;
}

/** For the targets of this channel. */
export function drawBuild(
  { seq, service, channel }: BuildMessage,
  { engine, slack }: DrawContext,
): DrawnBuild | undefined {
  const event = eventAt(engine, seq);
  const facts = event?.action === 'build-announced' ? buildAnnouncedIn(event) : undefined;
  if (event === undefined || facts === undefined) return undefined;
  const build = engine.builds.find(facts.build);
  const sides = sidesOf(engine, service, facts).filter(({ settings }) => settings.channel === channel);
  const cardOf = (deploymentId: string): string | undefined => {
    const place = readMessageRef(engine.outbox.reference(cardKey(deploymentId)));
    return place && slack.addressOf(place);
  };
  const shown = {
    service,
    facts,
    host: build?.host ?? '',
    at: event.at,
    sides,
    isFoundSince:
      facts.artifact === undefined && engine.builds.ofVersion(service, facts.version)?.artifact !== undefined,
    newer: build && nextAfter(engine.builds.latest(service, recent), build),
    cardOf,
  };
  // A build mentions no people; a failed one does.
  return { channel, card: buildCard(shown, nameFormatter(engine.settings.people)) };
}

const recent = 100;

/**
 * Builds of a branch follow one another; those of other branches and of pull requests are no later state of this one.
 * The next one is named, not the newest: the card of an old build is not drawn again for each that comes.
 */
function nextAfter(newestFirst: readonly StoredBuild[], build: StoredBuild): string | undefined {
  const next = newestFirst.findLast(
    ({ id, version, conclusion, repository, branch, pullRequest }) =>
      id > build.id &&
      version !== build.version &&
      conclusion === 'succeeded' &&
      repository === build.repository &&
      branch === build.branch &&
      pullRequest === build.pullRequest,
  );
  return next?.version;
}

interface AlertMessage {
  readonly seq: number;
  readonly to: string;
  readonly formatter: (people: readonly Person[]) => PeopleFormatter;
}

export function drawBuildAlert(engine: Source, { seq, to, formatter }: AlertMessage): DrawnBuild | undefined {
  const event = eventAt(engine, seq);
  if (event === undefined || !announces(event, 'message', 'build-alert')) return undefined;
  const { action, service, sentence } = event;
  const facts = buildFactsIn(event);
  if (service === null || facts === undefined) return undefined;
  const { people, targets } = engine.settings;
  const approvers = targets.filter((one) => one.service === service).flatMap(({ approval }) => approval.approvers);
  const alert = {
    action,
    service,
    sentence,
    facts,
    host: engine.builds.find(facts.build)?.host ?? '',
    approvers: [...new Set(approvers)],
  };
  return { channel: to, card: buildAlertCard(alert, formatter(people)) };
}

function eventAt({ audit }: Source, seq: number): AuditRead | undefined {
  const [row] = audit.after(seq - 1, 1);
  return row && readEvent(row);
}
