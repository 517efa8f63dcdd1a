// What is around an incident when its message is drawn: the target as it is now, what made the release live, who is on call.

import { type DeploymentView, type Engine, personOf, type TargetView } from '@bg/engine';
import type { IncidentFacts } from '../cards/incident-card.ts';
import { incidentStateKey, readIncident } from './messages.ts';

interface Around {
  readonly target: TargetView | undefined;
  readonly deployment: DeploymentView | undefined;
  readonly onCall: readonly string[];
}

const recent = 20;

export function aroundIncident(
  { settings, target, history }: Pick<Engine, 'settings' | 'target' | 'history'>,
  facts: Pick<IncidentFacts, 'service' | 'target' | 'version'>,
): Around {
  const ref = { service: facts.service, target: facts.target };
  const found = target(ref);
  const past = history(ref, recent);
  const deployment = past.ok
    ? past.value.find(({ version, outcome }) => version === facts.version && outcome?.kind === 'promoted')
    : undefined;
  return { target: found.ok ? found.value : undefined, deployment, onCall: onCallOf(settings, ref, deployment) };
}

function onCallOf(
  { slack, targets }: Engine['settings'],
  { service, target }: Pick<IncidentFacts, 'service' | 'target'>,
  deployment: DeploymentView | undefined,
): readonly string[] {
  if (slack.onCall !== undefined) return slack.onCall;
  const approvers = targets.find((one) => one.service === service && one.target === target)?.approval.approvers ?? [];
  const requester = deployment && personOf(deployment.requestedBy);
  return [...new Set([...approvers, ...(requester === undefined ? [] : [requester])])];
}

/** Of the release that a deployment made live: its card must not say that all is well. */
export function openIncident(
  { outbox }: Pick<Engine, 'outbox'>,
  { service, target, slot, version, outcome }: DeploymentView,
): IncidentFacts | undefined {
  if (outcome?.kind !== 'promoted') return undefined;
  const facts = readIncident(outbox.reference(incidentStateKey({ service, target, slot })));
  return facts?.over === undefined && facts?.version === version && facts.isLive ? facts : undefined;
}
