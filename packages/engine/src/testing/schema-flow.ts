// A flow on a target with a database: v1 makes a table, v2 adds a column and fills it, v3 removes the old column. What
// was live is laid out in rows, so that a test of the schema alone deploys nothing.

import type { SlotName } from '../domain/target.ts';
import { fullNameFiles, usersFiles, withoutNameFiles } from '../migrator/testing/users-migrations.ts';
import { addDeployment } from '../state/deployments.ts';
import type { Tx } from '../state/store.ts';
import { addRelease, setSlot } from '../state/targets.ts';
import { shop } from '../state/testing/state.ts';
import { type Flow, shortPlan, startFlow } from './flow.ts';

export async function startSchemaFlow(options = shortPlan): Promise<Flow> {
  const flow = await startFlow({ database: true, options });
  for (const [version, files] of Object.entries({ v1: usersFiles, v2: fullNameFiles, v3: withoutNameFiles }))
    flow.layRelease(version, files);
  for (const side of ['blue', 'green'] as const) flow.balancers.busy(side, { requests: 1_000 });
  return flow;
}

/** As another process decides it. */
export function write(flow: Flow, change: (tx: Tx) => void): void {
  flow.process().core.store.write((tx) => {
    change(tx);
    tx.audit({ actor: 'engine', action: 'resumed', sentence: 'laid out for a test' });
  });
}

export const digestOf = (version: string): string => Buffer.from(version).toString('hex').padEnd(64, '0');
export const folderOf = (flow: Flow, version: string): string =>
  `${flow.settings.targets[0]?.releasesFolder}/${version}`;

/** These were live one after the other, a minute each; the last one is now, and the one before is the standby. */
export async function served(flow: Flow, ...versions: readonly string[]): Promise<void> {
  for (const [index, version] of versions.entries()) {
    write(flow, (tx) => goLive(tx, flow, { version, before: versions[index - 1] }));
    await runSchema(flow, version, 'expand');
    flow.clock.advance(60_000);
  }
  inSlot(flow, 'blue', versions.at(-2), 'standby');
  inSlot(flow, 'green', versions.at(-1), 'active');
}

export function inSlot(flow: Flow, slot: SlotName, version: string | undefined, role: 'active' | 'standby'): void {
  write(flow, (tx) =>
    setSlot(
      tx,
      shop,
      slot,
      version === undefined
        ? { role: 'idle', version: null, digest: null }
        : { role, version, digest: digestOf(version), since: tx.now },
    ),
  );
}

export async function runSchema(flow: Flow, version: string, kind: 'expand' | 'backfill'): Promise<void> {
  const work = { signal: new AbortController().signal, say: () => undefined };
  await flow.passing(flow.process().target.migrator.run(folderOf(flow, version), { kind }, work));
}

function goLive(
  tx: Tx,
  flow: Flow,
  { version, before }: { readonly version: string; readonly before: string | undefined },
): void {
  addRelease(tx, {
    service: 'shop',
    version,
    digest: digestOf(version),
    folder: folderOf(flow, version),
    registeredAt: tx.now,
  });
  addDeployment(tx, {
    id: `d_${version}`,
    ...shop,
    version,
    digest: digestOf(version),
    fromVersion: before ?? null,
    mode: 'deploy',
    slot: 'green',
    hold: false,
    requestedBy: 'person:alice',
    requestedAt: tx.now,
    position: 1,
    direction: 'forward',
    phase: 'finished',
    stateVersion: 9,
    promotedAt: tx.now,
    outcome: 'promoted',
    finishedAt: tx.now,
  });
}
