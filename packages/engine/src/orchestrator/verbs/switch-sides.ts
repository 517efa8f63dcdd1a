// `switch`: moves all users to the release that is ready in the other slot. It is bound to the side that was live when
// it was typed, and naming the side may be repeated: two people who mean the same move must not move users there and
// back.

import type { Engine } from '../../api/engine.ts';
import { type Actor, actorName, shortName } from '../../domain/actor.ts';
import { ok, type Result, refuse } from '../../domain/refusal.ts';
import { otherSlot } from '../../domain/target.ts';
import { forHowLong } from '../../domain/times.ts';
import { addSignal, type DeploymentRow, liveDeployment, recentDeployments } from '../../state/deployments.ts';
import type { Tx } from '../../state/store.ts';
import { readQuarantine, readSlot } from '../../state/targets.ts';
import type { Core, Target } from '../core.ts';
import { activeSide, gatherFacts } from '../gates/facts.ts';
import { ask, type GateFacts, gatesOfSwitch, inTeam, refuseMarked, sameConfiguration } from '../gates/gates.ts';
import { mayDeploy } from '../gates/roles.ts';
import { knownStep } from '../run/steps/named.ts';
import { lostFor } from '../schema/observe.ts';
import { beginWayBack } from './begin.ts';
import { cannotRun, through } from './go-back.ts';
import { isWarm } from './rollback-target.ts';

type SwitchRequest = Parameters<Engine['switch']>[0];

const justNowMs = 5 * 60_000;

export function switchSides(core: Core, request: SwitchRequest): Result<DeploymentRow> {
  return through(core, request, 'switch', (tx, target) => {
    const live = liveDeployment(tx.db, target.key);
    const held =
      live !== undefined &&
      knownStep(live.phase)?.promote === 'go-on' &&
      live.direction === 'forward' &&
      live.pausedAt === null;
    const gathered = gatherFacts(core, target, { actor: request.actor, version: '' });
    const facts = held ? { ...gathered, live: undefined } : gathered;
    const same = ask([{ gate: inTeam }, { gate: mayDeploy }, { gate: sameConfiguration }], facts);
    const meant = same.ok ? alreadySo(core, target, { request, live, active: gathered.active }) : undefined;
    if (meant) return meant;
    const answer = ask(gatesOfSwitch, facts);
    if (!answer.ok) return answer;
    return held ? promoteHeld(tx, target, live, request.actor) : begin(core, tx, target, request);
  });
}

function begin(core: Core, tx: Tx, target: Target, { actor, reason }: SwitchRequest): Result<DeploymentRow> {
  const active = activeSide(core, target);
  const other = readSlot(tx.db, target.key, otherSlot(active?.slot ?? 'green'));
  if (!active || !isWarm(other))
    return refuse(
      'nothing-to-switch',
      `the other slot of ${target.name} holds ${other.version === null ? 'nothing' : `${other.version} (${other.label ?? other.role})`}`,
      'Deploy a version, or hold one with `--hold`.',
    );
  const marked = refuseMarked(other.version, readQuarantine(core.store.db, other.digest));
  if (marked) return marked;
  const lost = lostFor(core, target, other.version);
  if (lost !== undefined) return cannotRun(target, other.version, lost);
  const { version } = other;
  return ok(
    beginWayBack(core, tx, target, { mode: 'switch', version, warm: true, requestedBy: actorName(actor), reason }),
  );
}

interface Meant {
  readonly request: SwitchRequest;
  readonly live: DeploymentRow | undefined;
  readonly active: GateFacts['active'];
}

/** The move that was meant is under way, is done, or has been done by another person since it was typed. */
function alreadySo(
  { store, clock }: Core,
  { key, name }: Target,
  { request: { to, from }, live, active }: Meant,
): Result<DeploymentRow> | undefined {
  if (to !== undefined && live?.mode === 'switch' && live.direction === 'forward' && live.slot === to) return ok(live);
  if (to !== undefined && active?.slot === to && (live === undefined || live.promotedAt === null))
    return refuse('already-active', `${to} serves already: ${name} runs ${active.version}`);
  if (to !== undefined || live !== undefined || active === undefined) return undefined;
  const toTheOther = `To move to the other side, name it: \`bg switch --to ${otherSlot(active.slot)}\`.`;
  if (from !== undefined && from !== active.slot)
    return refuse('already-decided', `this switch is from ${from}, and ${active.slot} serves by now`, toTheOther);
  const [last] = recentDeployments(store.db, key, 1);
  const movedAt = last && isSwitch(last) ? (last.finishedAt ?? 0) : 0;
  if (last === undefined || movedAt < clock.now() - justNowMs) return undefined;
  return refuse(
    'already-decided',
    `done already by ${shortName(last.requestedBy)}: ${name} went from ${last.fromVersion ?? 'nothing'} to ${last.version} in ${last.slot} ${forHowLong(clock.now() - movedAt)} ago`,
    toTheOther,
  );
}

/** What a plain `switch` results in: the other side, or a preview that was held. */
const isSwitch = ({ mode, hold, outcome }: DeploymentRow): boolean =>
  outcome === 'promoted' && (mode === 'switch' || hold);

function promoteHeld(tx: Tx, target: Target, live: DeploymentRow, actor: Actor): Result<DeploymentRow> {
  addSignal(tx, { deploymentId: live.id, kind: 'promote', position: live.position, actor: actorName(actor) });
  tx.audit({
    ...target.key,
    actor: actorName(actor),
    action: 'promoted-on',
    deploymentId: live.id,
    sentence: `${shortName(actorName(actor))} promotes the held ${live.version}`,
  });
  return ok(live);
}
