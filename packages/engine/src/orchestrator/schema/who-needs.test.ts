// Who needs the shape that a contract takes away: forgetting one of them would break it for users, or a way back to it.

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { addQuarantine, ensureTarget, intendRouting, setSlot } from '../../state/targets.ts';
import { shop } from '../../state/testing/state.ts';
import type { Flow } from '../../testing/flow.ts';
import { digestOf, inSlot, served, startSchemaFlow, write } from '../../testing/schema-flow.ts';
import type { Core, Target } from '../core.ts';
import { holdersOf, needsText, whoNeeds } from './who-needs.ts';

let flow: Flow;
beforeEach(async () => {
  flow = await startSchemaFlow();
  await served(flow, 'v1', 'v2', 'v3');
});
afterEach(() => flow.close());

const minute = 60_000;
const ids = ['002_full_name'];
/** v2 was replaced 1 minute ago, and v1 2 minutes ago. */
const holders = (core: Core = flow.process().core) =>
  holdersOf(core, flow.process().target).map(({ version, as }) => `${version} ${as.replace(/until .*/, 'until …')}`);

describe('a release holds the schema', () => {
  it.each<[string, prepare: () => void, expected: readonly string[]]>([
    [
      'on both sides, and as long as it may be gone back to',
      () => undefined,
      ['v2 standby in blue', 'v3 active', 'v1 a rollback target until …'],
    ],
    [
      'while a share of users gets it',
      () =>
        write(flow, (tx) =>
          intendRouting(tx, shop, { active: 'green', canary: { slot: 'blue', percent: 5 }, preview: undefined }),
        ),
      ['v2 in canary in blue', 'v3 active', 'v1 a rollback target until …'],
    ],
    [
      'while it is proved or retained, but not after it failed',
      () => write(flow, (tx) => setSlot(tx, shop, 'blue', { role: 'preview', label: 'kept' })),
      ['v2 kept in blue', 'v3 active', 'v1 a rollback target until …'],
    ],
    [
      'as a rollback target even if its side failed later',
      () => write(flow, (tx) => setSlot(tx, shop, 'blue', { role: 'preview', label: 'failed' })),
      ['v3 active', 'v1 a rollback target until …', 'v2 a rollback target until …'],
    ],
    [
      'not when it was marked bad',
      () => {
        write(flow, (tx) => setSlot(tx, shop, 'blue', { role: 'preview', label: 'aborted' }));
        const mark = { service: 'shop', version: 'v2', reason: 'errors', by: 'person:bob', at: 1 };
        write(flow, (tx) => addQuarantine(tx, { ...mark, digest: digestOf('v2') }));
      },
      ['v3 active', 'v1 a rollback target until …'],
    ],
    [
      'until `rollbackFor` has passed since it was replaced, to the millisecond',
      () => flow.clock.advance(58 * minute),
      ['v2 standby in blue', 'v3 active'],
    ],
    [
      'until then, a millisecond before',
      () => flow.clock.advance(58 * minute - 1),
      ['v2 standby in blue', 'v3 active', 'v1 a rollback target until …'],
    ],
  ])('%s', (_, prepare, expected) => {
    prepare();
    expect(holders()).toEqual(expected);
  });

  it.each([
    [{ service: 'shop', target: 'staging' }, 'the fake database', true],
    [{ service: 'shop', target: 'staging' }, 'another database', false],
    [{ service: 'shop', target: 'staging' }, undefined, false],
    [{ service: 'till', target: 'staging' }, 'the fake database', false],
  ])('on %o, whose database is %s: %s', (key, place, isCounted) => {
    const { core, target } = flow.process();
    const other: Target = { ...target, key, name: `${key.service}/${key.target}`, migrator: at(target, place) };
    write(flow, (tx) => {
      ensureTarget(tx.db, key, tx.now);
      setSlot(tx, key, 'green', { role: 'active', version: 'v1', digest: digestOf('v1'), since: tx.now });
    });
    const found = holders({ ...core, targets: [target, other] });
    expect(found.slice(3)).toEqual(isCounted ? ['v1 active of shop/staging'] : []);
  });
});

const at = ({ migrator }: Target, place: string | undefined): Target['migrator'] =>
  ({ ...migrator, place: () => place }) as Target['migrator'];

describe('a contract is needed not to run', () => {
  const asked = () => whoNeeds(flow.process().core, flow.process().target, ids);

  it('by each holder that was written for the shape before it, and names what it makes impossible', async () => {
    expect((await asked()).needs.map(({ version }) => version)).toEqual(['v2', 'v1']);
    expect(needsText((await asked()).needs)).toMatch(
      /^v2 \(standby in blue\): 002_full_name takes away what this release was written for; v1 \(a rollback target/,
    );
    expect((await asked()).impossible).toEqual([]);
    flow.clock.advance(60 * minute);
    inSlot(flow, 'blue', undefined, 'standby');
    expect(await asked()).toEqual({ needs: [], impossible: expect.arrayContaining(['v1', 'v2']) });
  });

  it('not by one that is lost already: that is no news', async () => {
    const contracted = { ...flow.migrators.database.rows.get('002_full_name') };
    const files = { ...contracted.files, contract: { checksum: 'c', fingerprint: 'f' } };
    await flow.migrators.database.mark('002_full_name', { state: 'done', files });
    flow.clock.advance(60 * minute);
    inSlot(flow, 'blue', undefined, 'standby');
    expect(await asked()).toEqual({ needs: [], impossible: [] });
  });

  it.each<[string, prepare: () => void, evidence: RegExp]>([
    ['whose files are not known', () => inSlot(flow, 'blue', 'v9', 'standby'), /its files are not known here/],
    [
      'whose migrations cannot be read',
      () => flow.layRelease('v2', { 'migrations/001_users.expnd.sql': 'SELECT 1;' }),
      /its migrations cannot be read/,
    ],
  ])('by one %s: what is not known may need anything', async (_, prepare, evidence) => {
    prepare();
    const [first] = (await asked()).needs;
    expect(first).toMatchObject({ as: 'standby in blue', evidence: expect.stringMatching(evidence) });
  });
});
