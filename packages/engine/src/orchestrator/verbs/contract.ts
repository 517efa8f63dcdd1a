// `contract`: takes away what only older releases need of the schema. A person asks for it; the engine refuses it while
// a release needs that; people approve it who see what it makes impossible; then the controller runs it.

import { randomBytes } from 'node:crypto';
import type { ContractRequest } from '../../api/migrations.ts';
import { type Actor, actorName, shortName } from '../../domain/actor.ts';
import { ok, type Refusal, type Result, refuse } from '../../domain/refusal.ts';
import { clockTime } from '../../domain/times.ts';
import { deadline } from '../../lib/clock.ts';
import { MigrationError } from '../../migrator/error.ts';
import type { SchemaPlan } from '../../migrator/migrator.ts';
import { addContract, type ContractRow, liveContract, readContract } from '../../state/contracts.ts';
import { contractKey, putSnapshot } from '../../state/snapshots.ts';
import type { Tx } from '../../state/store.ts';
import { readRelease } from '../../state/targets.ts';
import type { Core, Target } from '../core.ts';
import { activeSide, findTarget, gatherFacts } from '../gates/facts.ts';
import { ask, inTeam, noLiveDeployment, notLocked, sameConfiguration, stateKnown } from '../gates/gates.ts';
import { mayDeploy } from '../gates/roles.ts';
import { contractSentence, contractState } from '../schema/contract-state.ts';
import { type ContractView, viewContract } from '../schema/contract-view.ts';
import { contractEvidence, type SchemaEvidence } from '../schema/evidence.ts';
import { eyes } from '../schema/observe.ts';
import { expire } from '../schema/run-contract.ts';
import { type ContractNeeds, impossibleSentence, needsText, whoNeeds } from '../schema/who-needs.ts';
import { migrationSentence } from '../schema/words.ts';
import { maxReason } from './decide.ts';
import { recordRefusal } from './refused.ts';

/** The caller waits for it. */
const evidenceMs = 120_000;

export async function contract(core: Core, request: ContractRequest): Promise<Result<ContractView>> {
  const found = findTarget(core, request);
  if (!found.ok) return refusedHere(core, request.actor, found.refusal);
  const target = found.value;
  const answer = await prepare(core, target, request);
  if (!answer.ok) return refusedHere(core, request.actor, answer.refusal, target);
  const asked = core.store.write((tx): Result<ContractRow> => askFor({ tx, core, target }, request, answer.value));
  return asked.ok ? ok(viewContract(core, asked.value)) : refusedHere(core, request.actor, asked.refusal, target);
}

interface Prepared {
  readonly version: string;
  readonly ready: SchemaPlan['contract']['ready'];
  readonly impossible: readonly string[];
  readonly evidence: SchemaEvidence;
}

async function prepare(core: Core, target: Target, request: ContractRequest): Promise<Result<Prepared>> {
  const may = mayAsk(core, target, request.actor);
  if (!may.ok) return may;
  const underWay = notTwice(core, target);
  if (underWay) return underWay;
  const release = eyes(core, target);
  if (target.migrator.kind === undefined || !release)
    return refuse(
      'nothing-to-contract',
      target.migrator.kind === undefined ? `${target.name} has no database` : `nothing runs on ${target.name}`,
    );
  try {
    const plan = await target.migrator.plan(release.folder);
    const { ready, waiting } = plan.contract;
    if (plan.problems.length > 0)
      return refuse('schema-incompatible', `${release.version}: ${plan.problems.slice(0, 3).join('; ')}`);
    if (ready.length === 0) return refuse('nothing-to-contract', nothingReady(target, release.version, waiting));
    const needs = await whoNeeds(
      core,
      target,
      ready.map(({ id }) => id),
    );
    const refusal = stillNeeded(needs);
    if (refusal) return refusal;
    const ids = ready.map(({ id }) => id);
    const evidence = await contractEvidence(core, target, { folder: release.folder, ids }, deadline(evidenceMs));
    return notAllowed(evidence) ?? ok({ version: release.version, ready, impossible: needs.impossible, evidence });
  } catch (thrown) {
    if (!(thrown instanceof MigrationError)) throw thrown;
    return refuse('schema-incompatible', migrationSentence(thrown));
  }
}

function mayAsk(core: Core, target: Target, actor: Actor): Result<undefined> {
  const facts = gatherFacts(core, target, { actor, version: '' });
  return ask(
    [
      { gate: inTeam },
      { gate: mayDeploy },
      { gate: sameConfiguration },
      { gate: stateKnown },
      { gate: notLocked },
      { gate: noLiveDeployment },
    ] as const,
    facts,
  );
}

function nothingReady(target: Target, version: string, waiting: SchemaPlan['contract']['waiting']): string {
  const why = waiting.map((each) => `${each.id}: ${each.why}`).join('; ');
  return `nothing of ${version} on ${target.name} is ready to be contracted${why === '' ? '' : ` (${why})`}`;
}

function stillNeeded({ needs }: ContractNeeds): ReturnType<typeof refuse> | undefined {
  if (needs.length === 0) return undefined;
  const versions = [...new Set(needs.map(({ version }) => version))].join(', ');
  return refuse(
    'schema-needed',
    `${versions} still ${needs.length === 1 ? 'needs' : 'need'} the old shape: ${needsText(needs)}`,
    'Deploy a release that brings the contract files, and wait until the older ones are no standby and no rollback target any more.',
  );
}

function notAllowed({ allowed, headline }: SchemaEvidence): ReturnType<typeof refuse> | undefined {
  if (allowed) return undefined;
  return refuse(
    'schema-needed',
    `what a contract takes away must be known not to be needed, and the verdict is ${headline}`,
    'Let each release declare its needs as `schema` in bluegreen.release.yaml, and configure `scratch` where the database is a server.',
  );
}

/** Asked again inside the transaction: a deployment of the last moment comes first. */
function askFor(
  { tx, core, target }: { readonly tx: Tx; readonly core: Core; readonly target: Target },
  { actor, reason }: ContractRequest,
  { version, ready, impossible, evidence }: Prepared,
): Result<ContractRow> {
  const may = mayAsk(core, target, actor);
  if (!may.ok) return may;
  const before = notTwice(core, target);
  if (before) return before;
  expireOld(tx, target);
  if (activeSide(core, target)?.version !== version)
    return refuse('stale-plan', `${version} is not what ${target.name} runs any more`, 'Ask again.');
  const id = `c_${randomBytes(4).toString('hex')}`;
  const { count, deadlineMs } = target.settings.approval;
  addContract(tx, {
    id,
    ...target.key,
    version,
    digest: readRelease(tx.db, target.key.service, version)?.digest ?? '',
    migrations: ready.map((each) => each.id),
    statements: ready.map((each) => each.text),
    impossible,
    requestedBy: actorName(actor),
    requestedAt: tx.now,
    reason: reason?.trim().slice(0, maxReason) || null,
    needed: count,
    deadlineAt: tx.now + deadlineMs,
    status: 'pending',
  });
  const who = shortName(actorName(actor));
  tx.audit({
    ...target.key,
    actor: actorName(actor),
    action: 'contract-asked',
    sentence: `${who} asks to contract ${ready.map((each) => each.id).join(', ')}: ${impossibleSentence(impossible)}`,
    detail: { contract: id, version, migrations: ready, impossible, evidence },
  });
  putSnapshot(tx.db, contractKey(id), evidence, tx.now);
  return ok(rowOf(tx, id));
}

/** One at a time on a target. */
function notTwice(core: Core, target: Target): ReturnType<typeof refuse> | undefined {
  const row = liveContract(core.store.db, target.key);
  const state = row && contractState(core, row);
  if (!row || !state || state.endedAt !== undefined) return undefined;
  return refuse(
    'already-decided',
    `${shortName(row.requestedBy)} asked for it at ${clockTime(row.requestedAt)}: ${contractSentence(core, row)}`,
    state.next,
  );
}

/** One whose deadline passed while no controller was alive. */
function expireOld(tx: Tx, target: Target): void {
  const row = liveContract(tx.db, target.key);
  if (row) expire(tx, target.key, row);
}

function rowOf(tx: Tx, id: string): ContractRow {
  const row = readContract(tx.db, id);
  if (!row) throw new Error(`contract ${id} was not written`);
  return row;
}

function refusedHere(
  core: Core,
  actor: Actor,
  refusal: Refusal,
  target?: Target,
): { readonly ok: false; readonly refusal: Refusal } {
  recordRefusal(core, { actor, verb: 'contract', refusal, key: target?.key });
  return { ok: false, refusal };
}
