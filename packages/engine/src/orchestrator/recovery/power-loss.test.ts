// A power loss may take the last writes of the state with it, in the middle of a page, and in any order. What is opened
// then is a state that the engine had committed, whole: never a mixture of two, and never one with a broken audit log.

import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type Database from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { verifyAudit } from '../../state/audit-verification.ts';
import { type Db, openDatabase } from '../../state/database.ts';
import { hookCommits } from '../../state/testing/commit-moments.ts';
import { type Cut, copyState, cutLog, type Frame, framesOf, transactionsIn } from '../../state/testing/cut-log.ts';
import { alice, bob, type Flow, startFlow } from '../../testing/flow.ts';

const most = 24;

let flow: Flow;
let copy: string;
/** What the state was after each transaction of the flow, the oldest first. */
const committed: string[] = [];
let isRecording = false;
hookCommits(
  () => undefined,
  (database) => {
    if (isRecording) committed.push(contentOf(database));
  },
);

beforeEach(async () => {
  copy = mkdtempSync(join(tmpdir(), 'bg-cut-'));
  flow = await startFlow({
    options: `
    canary: [{ percent: 10, watch: 1s }, { percent: 10, approval: true }]
    bake: 1s`,
  });
});
afterEach(async () => {
  isRecording = false;
  await flow.close();
  rmSync(copy, { recursive: true, force: true });
});

/** Every row of every table. */
function contentOf(database: Database.Database): string {
  const hash = createHash('sha256');
  const tables = database.prepare("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name").pluck().all();
  for (const table of tables as string[])
    hash.update(`${table} ${JSON.stringify(database.prepare(`SELECT * FROM "${table}"`).raw().all())}`);
  return hash.digest('hex');
}

/** A deployment with every kind of step, one that is given up on the way, and a rollback. */
async function live(): Promise<void> {
  await flow.finishWithPeople(flow.ask('v1'));
  for (const side of ['blue', 'green'] as const) flow.balancers.busy(side, { requests: 1_000 });
  await flow.finishWithPeople(flow.ask('v2'));
  const id = flow.ask('v3');
  await flow.at(id, 'await-approval');
  expect(flow.people.abort({ id }, alice, 'not today')).toMatchObject({ ok: true });
  await flow.finish(id);
  const back = flow.people.rollback({ actor: bob, reason: 'errors' });
  await flow.finish(back.ok ? back.value.id : '');
}

/** Everywhere in the log, each kind in turn. */
function cutsOf(frames: readonly Frame[]): readonly Cut[] {
  const kinds = ['frames', 'half a frame', 'a hole'] as const;
  const every = Math.max(1, Math.floor(frames.length / most));
  return frames.flatMap((_, left) =>
    left % every === 0 ? [{ kind: kinds[(left / every) % kinds.length] ?? 'frames', left }] : [],
  );
}

interface Found {
  readonly content: string;
  readonly audit: boolean;
  readonly rows: number;
}

function lookAt(db: Db): Found {
  const verification = verifyAudit(db);
  return { content: contentOf(db.$client), audit: verification.intact, rows: verification.rows };
}

function openCut(cut: Cut): Found {
  copyState(flow.settings.stateFolder, copy);
  cutLog(copy, cut);
  const db = openDatabase(copy);
  try {
    return lookAt(db);
  } finally {
    db.$client.close();
  }
}

describe('a state whose last writes are lost', () => {
  it('is the state of the last transaction that is whole, wherever it is cut', async () => {
    const { $client: client } = flow.process().core.store.db;
    client.pragma('wal_checkpoint(TRUNCATE)');
    const before = contentOf(client);
    isRecording = true;
    await live();
    isRecording = false;
    const frames = framesOf(flow.settings.stateFolder);
    const cuts = cutsOf(frames);
    expect(cuts.length).toBeGreaterThan(20);
    const states = [before, ...committed.filter((content, at) => content !== committed[at - 1])];
    let rows = 0;
    for (const cut of cuts) {
      const found = openCut(cut);
      expect({ cut, ...found }).toMatchObject({ cut, audit: true });
      expect(states, JSON.stringify(cut)).toContain(found.content);
      // More of the log is never an earlier state.
      expect(found.rows).toBeGreaterThanOrEqual(rows);
      rows = found.rows;
    }
    expect(transactionsIn(frames, frames.length)).toBeGreaterThan(40);
    expect(openCut({ kind: 'frames', left: frames.length }).content).toBe(states.at(-1));
  });
});
