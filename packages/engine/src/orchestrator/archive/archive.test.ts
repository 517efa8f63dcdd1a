// Rows of months ago leave the state while deployments go on: what the engine decides and shows afterwards.

import { chmodSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Actor } from '../../domain/actor.ts';
import { latestArchive } from '../../state/archive/archives.ts';
import { writeCursor } from '../../state/snapshots.ts';
import { alice, type Flow, startFlow } from '../../testing/flow.ts';
import { archiveDue } from './maintain.ts';

const dayMs = 86_400_000;
const options = '\n    canary: []\n    bake: 5s';
let folder: string;
let flow: Flow | undefined;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bg-archive-'));
});
afterEach(async () => {
  await flow?.close();
  rmSync(folder, { recursive: true, force: true });
});

async function start(more = ''): Promise<Flow> {
  const file = `\naudit:\n  archive: { after: 30d, folder: ${folder} }${more}`;
  flow = await startFlow({ file, options });
  return flow;
}

async function due(of: Flow): Promise<void> {
  const { core, lease } = of.process();
  await of.passing(archiveDue(core, lease(), new AbortController().signal));
}

const seqs = (of: Flow): readonly number[] =>
  of.process().core.store.db.$client.prepare('SELECT seq FROM audit ORDER BY seq').pluck().all() as readonly number[];
const archived = (of: Flow) => latestArchive(of.process().core.store.db)?.lastSeq ?? 0;

it('the controller archives what is a week past its age, and the next deployment is as ever', async () => {
  const now = await start();
  for (const version of ['v1', 'v2', 'v3']) await now.live(version);
  const { $client: client } = now.process().core.store.db;
  const first = client.prepare('SELECT id FROM deployments ORDER BY rowid').pluck().get();
  const last = now.lastSeq();
  now.clock.advance(36 * dayMs);
  await due(now);
  expect(archived(now)).toBe(0);
  now.clock.advance(2 * dayMs);
  await due(now);
  expect(archived(now)).toBe(last);
  expect(readdirSync(folder)).toEqual([latestArchive(now.process().core.store.db)?.file]);
  expect(now.people.audit.verifySinceLast()).toMatchObject({ intact: true, archived: { rows: last } });
  // Those of v2 and v3 are in the slots.
  const timeline = now.people.timelines.of(String(first));
  expect(timeline?.remarks.join()).toContain('were archived in audit-');
  expect(timeline?.outcome).toMatchObject({ kind: 'promoted' });
  expect(seqs(now).filter((seq) => seq <= last).length).toBeGreaterThan(0);
  expect(now.people.status().warnings.filter((each) => each.includes('archived'))).toEqual([]);
  now.layRelease('v4');
  await now.live('v4');
  const back = now.people.rollback({ service: 'shop', target: 'production', actor: alice });
  expect(back.ok).toBe(true);
  expect(now.people.audit.verify()).toMatchObject({ intact: true });
});

it('what is shown of an approval, pending or given, needs no row that was archived', async () => {
  const now = await startFlow({
    options: `
    canary: [{ percent: 50, approval: true }]
    bake: 5s
    approval: { deadline: 7d, count: 2, groups: [{ name: dba, approvers: [carol, "group:S0DBA"] }] }`,
  });
  flow = now;
  const { people, clock } = now;
  const asked = async (version: string): Promise<string> => {
    const id = now.ask(version);
    await now.at(id, 'await-approval');
    // Approves as one of the team, and is seen to be in the group later.
    for (const groups of [[], ['S0DBA']])
      expect(people.approve({ id }, { kind: 'person', id: 'bob', door: 'slack', groups }).ok).toBe(true);
    return id;
  };
  const archive = () => now.passing(people.archiveAudit({ actor: alice, olderThanMs: 2 * dayMs }));
  await now.live('v1');
  const first = await asked('v2');
  const pending = now.view(first).approval;
  expect(pending).toMatchObject({ status: 'pending', given: ['bob'], groups: [{ name: 'dba', given: ['bob'] }] });
  clock.advance(3 * dayMs);
  expect(await archive()).toMatchObject({ ok: true, value: { archives: [{ firstSeq: 1 }] } });
  expect(now.view(first).approval).toEqual(pending);
  const carol: Actor = { kind: 'person', id: 'carol', door: 'slack' };
  let id = first;
  for (const next of ['v3', 'v1', undefined]) {
    expect(people.approve({ id }, carol).ok).toBe(true);
    expect((await now.finish(id)).outcome).toMatchObject({ kind: 'promoted' });
    if (next !== undefined) id = await asked(next);
  }
  const given = now.view(first).approval;
  expect(given).toMatchObject({ status: 'approved', groups: [{ name: 'dba', given: ['bob', 'carol'] }] });
  clock.advance(10 * dayMs);
  expect(await archive()).toMatchObject({ ok: true, value: { archives: [{}] } });
  expect(now.view(first).approval).toEqual(given);
});

it('nothing that a destination of the log lacks is archived', async () => {
  const now = await start(`\n  ship: [{ name: copy, driver: file, path: ${folder}/copy.jsonl }]`);
  await now.live('v1');
  now.clock.advance(60 * dayMs);
  await due(now);
  expect(archived(now)).toBe(0);
  const asked = await now.passing(now.people.archiveAudit({ actor: alice }));
  expect(asked).toMatchObject({ ok: true, value: { archives: [], waitsFor: { name: 'copy', seq: 0 } } });
  now.process().core.store.note((db) => writeCursor(db, 'audit-ship:copy', 3));
  await due(now);
  expect(archived(now)).toBe(3);
});

it('a folder that cannot be used is in the status until it can, and nothing is removed', async () => {
  const now = await start();
  await now.live('v1');
  const rows = seqs(now);
  now.clock.advance(60 * dayMs);
  rmSync(folder, { recursive: true });
  writeFileSync(folder, '');
  await due(now);
  expect(seqs(now)).toEqual(rows);
  const warned = () => now.people.status().warnings.filter((each) => each.includes('cannot be archived since'));
  expect(warned()).toEqual([expect.stringContaining(folder)]);
  rmSync(folder);
  await due(now);
  expect(warned()).toEqual([]);
  expect(archived(now)).toBe(rows.at(-1));
  chmodSync(folder, 0o700);
});

it('a person archives by another age, and is refused without one or with less than a day', async () => {
  flow = await startFlow();
  const { people, clock } = flow;
  await flow.live('v1');
  const last = flow.lastSeq();
  expect(await people.archiveAudit({ actor: alice })).toMatchObject({ ok: false, refusal: { code: 'text-invalid' } });
  expect(await people.archiveAudit({ actor: alice, olderThanMs: 1 })).toMatchObject({ ok: false });
  expect(flow.actions(last)).toEqual(['refused', 'refused']);
  clock.advance(3 * dayMs);
  const made = await flow.passing(people.archiveAudit({ actor: alice, olderThanMs: 2 * dayMs }));
  expect(made).toMatchObject({ ok: true, value: { archives: [{ firstSeq: 1, lastSeq: last + 2 }] } });
  expect(flow.actions().at(-1)).toBe('state-archived');
  expect(await people.audit.verifyArchives(undefined)).toMatchObject({ intact: true, files: 1, rows: last + 2 });
});
