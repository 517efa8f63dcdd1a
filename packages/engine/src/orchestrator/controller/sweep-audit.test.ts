// The controller verifies the log bit by bit: what was changed in a verified row is in the log and in the status, once.

import { afterEach, beforeEach, expect, it } from 'vitest';
import { type Flow, startFlow } from '../../testing/flow.ts';
import { sweepOnce } from './sweep-audit.ts';

let flow: Flow;
beforeEach(async () => {
  flow = await startFlow();
  await flow.live('v1');
});
afterEach(() => flow.close());

function pass(): void {
  const { core, lease } = flow.process();
  flow.clock.advance(3_600_000);
  for (let page = 0; page < 20; page += 1) sweepOnce(core, lease(), 10);
}

/** The owner of the file, who can drop the triggers. */
function edit(seq: number, sentence: string): unknown {
  const { $client: client } = flow.process().core.store.db;
  client.exec('DROP TRIGGER IF EXISTS audit_is_never_changed');
  const before = client.prepare('SELECT sentence FROM audit WHERE seq = ?').pluck().get(seq);
  client.prepare('UPDATE audit SET sentence = ? WHERE seq = ?').run(sentence, seq);
  return before;
}

const reported = () => flow.actions().filter((action) => action === 'audit-broken').length;
const warned = () => flow.people.status().warnings.filter((warning) => warning.includes('audit log is broken')).length;

it('reports a changed row once, warns until it is as it was, and reports the next', () => {
  pass();
  expect([reported(), warned()]).toEqual([0, 0]);
  expect(flow.people.audit.verifySinceLast()).toMatchObject({ intact: true, since: { fullAt: expect.any(Number) } });
  const before = edit(3, 'it never happened');
  pass();
  expect([reported(), warned()]).toEqual([1, 1]);
  expect(flow.story().at(-1)).toContain('audit-broken: the audit log is broken at row 3: row 3 was edited');
  pass();
  expect([reported(), warned()]).toEqual([1, 1]);
  edit(3, String(before));
  pass();
  expect([reported(), warned()]).toEqual([1, 0]);
  edit(5, 'nor did this');
  pass();
  expect([reported(), warned()]).toEqual([2, 1]);
});
