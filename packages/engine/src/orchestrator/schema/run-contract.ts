// The controller runs an approved contract, once a new check shows that nothing needs what it takes away.

import type { TargetKey } from '../../domain/target.ts';
import { MigrationError } from '../../migrator/error.ts';
import type { MigrationEvent } from '../../migrator/phases/context.ts';
import { type ContractRow, changeContract, liveContract, readContract } from '../../state/contracts.ts';
import { liveDeployment } from '../../state/deployments.ts';
import type { Lease } from '../../state/leases.ts';
import { firstTime } from '../../state/snapshots.ts';
import type { Tx } from '../../state/store.ts';
import { releaseFiles, type TargetContext } from '../core.ts';
import { contractEvidence } from './evidence.ts';
import { lookAtSchema } from './observe.ts';
import { needsText, sharingWith, whoNeeds } from './who-needs.ts';
import { eventSentence, migrationSentence } from './words.ts';

/** An interrupted contract begins again and skips what is contracted already. */
export async function maintainContract(targetContext: TargetContext, signal: AbortSignal): Promise<void> {
  const { core, target } = targetContext;
  const row = liveContract(core.store.db, target.key);
  if (!row) return;
  if (row.status === 'pending') return expireContract(targetContext, row);
  const release = releaseFiles(core, row.service, row.version);
  if (release?.digest !== row.digest)
    return end(targetContext, row, 'refused', `${row.version} is not the release that it was approved for`);
  try {
    // Once begun, it is run to the end: half of it would help no one.
    if (row.status === 'approved') {
      const against =
        (await whatSpeaksAgainst(targetContext, row, release.folder, signal)) ??
        (await backUp(targetContext, row, release.folder, signal));
      if (against !== undefined) return end(targetContext, row, 'refused', against);
      if (!begin(targetContext, row)) return;
    } else goOn(targetContext, row);
    const act = { kind: 'contract', ids: row.migrations } as const;
    const say = (event: MigrationEvent): void => tell(targetContext, row, event);
    await target.migrator.run(release.folder, act, { signal, say });
    // Before the end is reported: a rollback typed after that report must be refused by the present schema.
    await lookAtSchema(core, target);
    end(targetContext, row, 'done', `contracted ${row.migrations.join(', ')}`);
  } catch (thrown) {
    if (!(thrown instanceof MigrationError)) throw thrown;
    if (thrown.code === 'stopped') return;
    end(targetContext, row, 'failed', migrationSentence(thrown));
    await lookAtSchema(core, target);
  }
}

async function whatSpeaksAgainst(
  { core, target }: TargetContext,
  { migrations: ids }: ContractRow,
  folder: string,
  signal: AbortSignal,
): Promise<string | undefined> {
  const { needs } = await whoNeeds(core, target, ids);
  if (needs.length > 0) return needsText(needs);
  const { allowed, headline } = await contractEvidence(core, target, { folder, ids }, signal);
  if (!allowed) return headline;
  const [live] = [target, ...sharingWith(core, target)].flatMap(({ key }) => liveDeployment(core.store.db, key) ?? []);
  return live && `a deployment of ${live.version} is under way`;
}

/**
 * The restore point before it, which may take long: objections are then searched for once more.
 * @returns why it may not begin
 */
async function backUp(
  targetContext: TargetContext,
  row: ContractRow,
  folder: string,
  signal: AbortSignal,
): Promise<string | undefined> {
  const { core, target } = targetContext;
  const { id, migrations } = row;
  const facts = { ...target.key, contract: id, migrations };
  try {
    const printed = await target.migrator.restorePoint(facts, signal);
    if (printed === undefined) return undefined;
    core.store.under(targetContext.lease).write((tx) =>
      tx.audit({
        ...target.key,
        actor: 'engine',
        action: 'contract-restore-point',
        sentence: `made the restore point before the contract ${id} of ${migrations.join(', ')}`,
        detail: { contract: id, printed },
      }),
    );
    return await whatSpeaksAgainst(targetContext, row, folder, signal);
  } catch (thrown) {
    if (thrown instanceof MigrationError && thrown.code === 'failed') return migrationSentence(thrown);
    throw thrown;
  }
}

/** The last moment at which a deployment may come first. */
function begin({ core, target, lease }: TargetContext, row: ContractRow): boolean {
  return core.store.under(lease).write((tx) => {
    if (liveDeployment(tx.db, target.key) || readContract(tx.db, row.id)?.status !== 'approved') return false;
    changeContract(tx, row.id, { status: 'running' });
    firstSeen(tx, lease, row.id);
    tx.audit({
      ...target.key,
      actor: 'engine',
      action: 'contract-begun',
      sentence: `contracts ${row.migrations.join(', ')}`,
      detail: { contract: row.id },
    });
    return true;
  });
}

/** A controller that has ended began it: people are notified once that it continues, and then how it ends. */
function goOn({ core, target, lease }: TargetContext, { id, migrations }: ContractRow): void {
  core.store.under(lease).write((tx) => {
    if (!firstSeen(tx, lease, id)) return;
    tx.audit({
      ...target.key,
      actor: 'engine',
      action: 'contract-resumed',
      sentence: `goes on with the contract ${id} of ${migrations.join(', ')}, which was cut off`,
      detail: { contract: id },
    });
  });
}

const seenForMs = 24 * 60 * 60_000;

/** By the present controller. */
const firstSeen = (tx: Tx, { token }: Lease, id: string): boolean =>
  firstTime(tx.db, `contract-run:${id}:${token}`, tx.now, seenForMs);

function expireContract({ core, target, lease }: TargetContext, { id, deadlineAt }: ContractRow): void {
  if (core.clock.now() < deadlineAt) return;
  core.store.under(lease).write((tx) => {
    const row = readContract(tx.db, id);
    if (row) expire(tx, target.key, row);
  });
}

/** Changes nothing unless it waits for approval and its deadline has passed. */
export function expire(tx: Tx, key: TargetKey, { id, status, deadlineAt, migrations }: ContractRow): void {
  if (status !== 'pending' || tx.now < deadlineAt) return;
  changeContract(tx, id, { status: 'expired', endedAt: tx.now, problem: 'no one decided before the deadline' });
  tx.audit({
    ...key,
    actor: 'engine',
    action: 'contract-ended',
    code: 'expired',
    sentence: `nobody decided on the contract of ${migrations.join(', ')} before the deadline`,
    detail: { contract: id },
  });
}

function end(
  { core, target, lease }: TargetContext,
  { id, migrations }: ContractRow,
  status: 'done' | 'failed' | 'refused',
  sentence: string,
): void {
  core.store.under(lease).write((tx) => {
    changeContract(tx, id, { status, endedAt: tx.now, problem: status === 'done' ? null : sentence });
    tx.audit({
      ...target.key,
      actor: 'engine',
      action: 'contract-ended',
      code: status,
      sentence:
        status === 'done' ? sentence : `the contract of ${migrations.join(', ')} ${endings[status]}: ${sentence}`,
      detail: { contract: id, migrations },
    });
  });
}

const endings = { failed: 'failed', refused: 'is refused' } as const;

function tell({ core, target, lease }: TargetContext, { id }: ContractRow, event: MigrationEvent): void {
  const sentence = eventSentence(event);
  if (sentence === undefined) return;
  core.store.under(lease).write((tx) =>
    tx.audit({
      ...target.key,
      actor: 'engine',
      action: 'schema-changed',
      sentence,
      detail: { event, contract: id },
    }),
  );
}
