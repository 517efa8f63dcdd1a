// The card of a deployment, from the state as it is: its changes, its trend, and what became of its release.

import type { DeploymentView, Engine, TimelineView } from '@bg/engine';
import type { Card } from '../cards/blocks.ts';
import { changesIn } from '../cards/changes.ts';
import { deploymentCard } from '../cards/deployment-card.ts';
import { activeVersion, comparedWith, type LiveEnd, liveEnd } from '../cards/live-end.ts';
import { mentionFormatter, nameFormatter } from '../cards/people-formatter.ts';
import { openIncident } from './draw-incident.ts';

type Source = Pick<Engine, 'builds' | 'deployment' | 'history' | 'outbox' | 'settings' | 'target' | 'timelines'>;

interface DrawnCard {
  readonly channel: string;
  readonly card: Card;
  readonly over: boolean;
}

/** Builds that are searched for what a deployment changes. */
const lookedAt = 100;

export function drawCard(engine: Source, deploymentId: string): DrawnCard | undefined {
  const { builds, deployment, settings, timelines } = engine;
  const view = deployment(deploymentId);
  if (view === undefined) return undefined;
  const changes = changesIn(builds.latest(view.service, lookedAt), { from: view.from?.version, to: view.version });
  const shown = changes && { ...changes, names: nameFormatter(settings.people) };
  return {
    channel: view.channel,
    card: deploymentCard(view, mentionFormatter(settings.people), {
      changes: shown,
      trend: timelines.trend(view.id),
      ...(isBadEnd(view) ? seenAtEnd(timelines.of(view.id)) : {}),
      end: endOf(engine, view),
      incident: openIncident(engine, view),
      webUrl: settings.web?.publicUrl,
    }),
    over: view.outcome !== undefined,
  };
}

/** Of a release that was live. */
function endOf({ history, target }: Source, view: DeploymentView): LiveEnd | undefined {
  if (view.outcome?.kind !== 'promoted') return undefined;
  const past = history(view, comparedWith);
  const found = target(view);
  return past.ok && found.ok ? liveEnd(view, past.value, activeVersion(found.value)) : undefined;
}

const isBadEnd = ({ outcome }: DeploymentView): boolean => outcome !== undefined && outcome.kind !== 'promoted';

/** Of the step that failed last. */
const seenAtEnd = (timeline: TimelineView | undefined) => ({
  log: timeline?.steps.findLast(({ log }) => log.length > 0)?.log,
  failing: timeline?.failing,
});
