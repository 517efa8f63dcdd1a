// `bg migrate …`: what people read and do in a database by hand, outside deployments. All people may read; people of
// the team may widen and fill; what corrects the record or takes something back is for approvers.

import { join } from 'node:path';
import type { MigrationsRun, MigrationsView, ReleaseRef, SchemaPlanView } from '../../api/migrations.ts';
import { type Actor, actorName, shortName } from '../../domain/actor.ts';
import type { BareAction } from '../../domain/audit-events.ts';
import { ok, type Result, refuse } from '../../domain/refusal.ts';
import { deadline } from '../../lib/clock.ts';
import { messageOf } from '../../lib/errors.ts';
import { MigrationError } from '../../migrator/error.ts';
import type { SchemaAct } from '../../migrator/migrator.ts';
import { liveContract } from '../../state/contracts.ts';
import type { Core, Target } from '../core.ts';
import { findTarget, gatherFacts } from '../gates/facts.ts';
import { ask, inTeam, noLiveDeployment, releaseKnown, sameConfiguration } from '../gates/gates.ts';
import { mayOperate } from '../gates/roles.ts';
import { contractSentence, contractState } from '../schema/contract-state.ts';
import { contractOf } from '../schema/contract-view.ts';
import { heldBackfill, unlessHeld } from '../schema/hold-backfill.ts';
import { eyes, lookAtSchema } from '../schema/observe.ts';
import { releaseSchema } from '../schema/release-schema.ts';
import { planLines } from '../schema/seen.ts';
import { impossibleSentence, whoNeeds } from '../schema/who-needs.ts';
import { refuseUnlessApprover } from './approver.ts';
import { recordRefusal } from './refused.ts';

export async function migrationsStatus(core: Core, ref: ReleaseRef): Promise<Result<MigrationsView>> {
  return onRelease(core, ref, async (target, version, folder) => {
    const status = await target.migrator.status(folder);
    await lookAtSchema(core, target);
    return ok({
      name: target.name,
      version,
      kind: target.migrator.kind ?? '',
      ...status,
      contract: contractOf(core, target),
      held: heldBackfill(core, target),
    });
  });
}

/** The caller waits for it. */
const planMs = 120_000;

export async function migrationsPlan(core: Core, ref: ReleaseRef): Promise<Result<SchemaPlanView>> {
  return onRelease(core, ref, async (target, version, folder) => {
    const { plan, evidence, refusal } = await releaseSchema(core, target, { version, folder }, deadline(planMs));
    const ids = plan.contract.ready.map(({ id }) => id);
    const { needs, impossible } = await whoNeeds(core, target, ids);
    return ok({
      name: target.name,
      version,
      ...plan,
      lines: planLines(plan, evidence),
      evidence: evidence?.lines ?? [],
      refusal: refusal?.sentence,
      needs,
      consequence: ids.length === 0 ? undefined : impossibleSentence(impossible),
    });
  });
}

/** Acts in the caller's process; the database's own lock keeps two from acting at once. */
export async function runMigrations(core: Core, request: MigrationsRun): Promise<Result<readonly string[]>> {
  const { act, actor, signal } = request;
  const done = watchRun(request.say);
  const answer = await onRelease(core, request, async (target, version, folder) => {
    const may = mayAct(core, target, request, version);
    if (!may.ok) return may;
    if (act.kind === 'expand') {
      const { refusal } = await releaseSchema(core, target, { version, folder }, signal);
      if (refusal) return refuse('schema-refused', refusal.sentence);
    }
    note(core, target, actor, { action: 'migrate-begun', sentence: `${doing(act)} for ${version}` });
    const go = (stop: AbortSignal) => target.migrator.run(folder, act, { signal: stop, say: done.say });
    const ids = await (act.kind === 'backfill' ? unlessHeld(core, target, signal, go) : go(signal));
    note(core, target, actor, {
      action: 'migrate-done',
      sentence: `${doing(act)} for ${version}: ${ids.join(', ') || 'nothing was left to do'}`,
    });
    await lookAtSchema(core, target);
    return ok(ids);
  });
  if (answer.ok) return answer;
  const found = findTarget(core, request);
  const key = found.ok ? found.value.key : undefined;
  const happened = done.sentence();
  if (happened === undefined) {
    recordRefusal(core, { actor, verb: `migrate ${act.kind}`, refusal: answer.refusal, key });
    return answer;
  }
  const refusal = { ...answer.refusal, code: 'schema-failed', happened } as const;
  if (found.ok)
    note(core, found.value, actor, {
      action: 'migrate-failed',
      sentence: `${doing(act)}, which failed: ${refusal.sentence}. ${happened}`,
    });
  return { ok: false, refusal };
}

/** What a run has done by the time it fails: steps that were committed stay, and so do rows that were filled. */
function watchRun(say: MigrationsRun['say']) {
  const ended: string[] = [];
  let open: { readonly id: string; readonly rows: number | undefined } | undefined;
  return {
    say: (event: Parameters<MigrationsRun['say']>[0]): void => {
      if (event.kind === 'begun') open = { id: event.id, rows: undefined };
      if (event.kind === 'progress') open = { id: event.id, rows: event.rowsDone };
      if (event.kind === 'done') {
        ended.push(event.id);
        open = undefined;
      }
      say(event);
    },
    /** Undefined when nothing was begun. */
    sentence: (): string | undefined => {
      if (ended.length === 0 && open === undefined) return undefined;
      const last = ended.at(-1);
      const before =
        last === undefined
          ? []
          : [ended.length === 1 ? `${last} is done` : `${ended.length} steps up to ${last} are done`];
      const rows = open?.rows === undefined || open.rows === 0 ? '' : ` (${open.rows} rows of it are filled)`;
      const cut = open === undefined ? [] : [`${open.id} was begun and is not done${rows}`];
      return `${[...before, ...cut].join('; ')}. The next run goes on from there; \`bg migrate status\` shows it.`;
    },
  };
}

function mayAct(core: Core, target: Target, { act, actor }: MigrationsRun, version: string): Result<undefined> {
  const facts = gatherFacts(core, target, { actor, version });
  const may = ask(
    [{ gate: inTeam }, { gate: mayOperate }, { gate: sameConfiguration }, { gate: releaseKnown }] as const,
    facts,
  );
  if (!may.ok) return may;
  const held = act.kind === 'backfill' ? heldBackfill(core, target) : undefined;
  if (held)
    return refuse(
      'target-busy',
      `${shortName(held.by)} holds the backfill of ${target.name}${held.reason === undefined ? '' : `: ${held.reason}`}`,
      'Let it go on with `bg migrate resume`.',
    );
  if (act.kind === 'expand' || act.kind === 'backfill') return ok(undefined);
  const refusedApprover = refuseUnlessApprover(target, actor);
  if (refusedApprover) return refusedApprover;
  const contracting = liveContract(core.store.db, target.key);
  if (contracting)
    return refuse('target-busy', contractSentence(core, contracting), contractState(core, contracting).next);
  return ask([{ gate: noLiveDeployment }] as const, facts);
}

function doing(act: SchemaAct): string {
  switch (act.kind) {
    case 'expand':
      return 'widens the schema';
    case 'backfill':
      return 'fills rows';
    case 'revert':
      return `takes back ${act.id}`;
    case 'repair':
      return `repairs the record (${act.repair.kind}${act.repair.kind === 'accept-drift' ? '' : ` ${act.repair.id}`}): ${act.because}`;
    case 'baseline':
      return `takes the database over up to ${act.upTo}`;
    case 'contract':
      return `contracts ${act.ids.join(', ')}`;
    default:
      return act satisfies never;
  }
}

export function note(
  core: Core,
  target: Target,
  actor: Actor,
  event: { readonly action: BareAction; readonly sentence: string },
): void {
  const who = shortName(actorName(actor));
  core.store.write((tx) =>
    tx.audit({ ...target.key, actor: actorName(actor), ...event, sentence: `${who} ${event.sentence}` }),
  );
}

/** The release that is named, or the one that users have. What the database says against it is a refusal. */
export async function onRelease<T>(
  core: Core,
  ref: ReleaseRef,
  work: (target: Target, version: string, folder: string) => Promise<Result<T>>,
): Promise<Result<T>> {
  const found = findTarget(core, ref);
  if (!found.ok) return found;
  const target = found.value;
  if (target.migrator.kind === undefined)
    return refuse(
      'schema-refused',
      `${target.name} has no database`,
      'Name it as `database` of the service or target.',
    );
  const seen = eyes(core, target);
  const version = ref.version ?? seen?.version;
  if (version === undefined)
    return refuse('release-unknown', `nothing runs on ${target.name}`, 'Name a version with `--release`.');
  const named = gatherFacts(core, target, { actor: { kind: 'engine' }, version });
  const known = ask([{ gate: releaseKnown }] as const, named);
  if (!known.ok && ref.version !== undefined) return known;
  const folder = ref.version === undefined ? seen?.folder : undefined;
  try {
    return await work(target, version, folder ?? join(target.settings.releasesFolder, version));
  } catch (thrown) {
    if (!(thrown instanceof MigrationError)) throw thrown;
    core.log.info({ target: target.name, code: thrown.code, problem: messageOf(thrown) }, 'the database refused');
    return refuse('schema-refused', messageOf(thrown), thrown.hint ?? '');
  }
}
