// One deployment as the engine itself writes it: a long history is made of copies of it.

import type { Db } from '../../packages/engine/src/state/database.ts';
import { startFlow } from '../../packages/engine/src/testing/flow.ts';

export type Value = string | number | null;
export type Row = Readonly<Record<string, Value>>;

export interface Template {
  readonly id: string;
  readonly version: string;
  readonly fromVersion: string;
  readonly digest: string;
  readonly fromDigest: string;
  /** When it was asked for, and how long it took. */
  readonly at: number;
  readonly tookMs: number;
  /** By table; what names the deployment, its release or its approvals. */
  readonly rows: Readonly<
    Record<'deployments' | 'steps' | 'approvals' | 'votes' | 'releases' | 'snapshots', readonly Row[]>
  >;
  readonly audit: readonly Row[];
  /** The sides and the routing as it leaves them. */
  readonly slots: readonly Row[];
  readonly targets: readonly Row[];
}

const versions = { before: 'template-before', after: 'template-after' };

/** With a canary and an approval, so that votes and several steps are in it. */
export async function recordTemplate(): Promise<Template> {
  const options = '\n    canary: [{ percent: 10, watch: 5s }, { percent: 50, approval: true }]\n    bake: 5s';
  const flow = await startFlow({ options });
  try {
    for (const side of ['blue', 'green'] as const) flow.balancers.busy(side, { requests: 1_000 });
    for (const version of Object.values(versions)) flow.layRelease(version);
    await flow.finishWithPeople(flow.ask(versions.before));
    const { id, outcome } = await flow.finishWithPeople(flow.ask(versions.after));
    if (outcome?.kind !== 'promoted') throw new Error('the deployment that the history is made of was not promoted');
    return read(flow.process().core.store.db.$client, id);
  } finally {
    await flow.close();
  }
}

function read(client: Db['$client'], id: string): Template {
  const all = (sql: string, ...values: readonly string[]) => client.prepare(sql).all(...values) as readonly Row[];
  const [deployment] = all('SELECT * FROM deployments WHERE id = ?', id);
  if (!deployment) throw new Error('there is no template');
  return {
    id,
    version: versions.after,
    fromVersion: versions.before,
    digest: String(deployment.digest),
    fromDigest: String(deployment.from_digest),
    at: Number(deployment.requested_at),
    tookMs: Number(deployment.finished_at) - Number(deployment.requested_at),
    rows: {
      releases: all('SELECT * FROM releases WHERE version = ?', versions.after),
      deployments: [deployment],
      steps: all('SELECT * FROM steps WHERE deployment_id = ?', id),
      approvals: all('SELECT * FROM approvals WHERE deployment_id = ?', id),
      votes: all('SELECT votes.* FROM votes JOIN approvals ON approvals.id = approval_id WHERE deployment_id = ?', id),
      snapshots: all("SELECT * FROM snapshots WHERE key LIKE '%' || ? || '%'", id),
    },
    audit: all('SELECT * FROM audit WHERE deployment_id = ? ORDER BY seq', id),
    slots: all('SELECT * FROM slots'),
    targets: all('SELECT * FROM targets'),
  };
}
