// What a release may do to the schema is decided before anything is registered: a refusal that is missed here breaks the
// release that serves.

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { MigrationError } from '../../migrator/error.ts';
import type { CompatReport } from '../../migrator/evidence/report.ts';
import type { SchemaPlan } from '../../migrator/migrator.ts';
import type { Flow } from '../../testing/flow.ts';
import { folderOf, inSlot, runSchema, served, startSchemaFlow } from '../../testing/schema-flow.ts';
import { contractEvidence } from './evidence.ts';
import { releaseSchema } from './release-schema.ts';
import { schemaSeen } from './seen.ts';

let flow: Flow;
beforeEach(async () => {
  flow = await startSchemaFlow();
  await served(flow, 'v1');
});
afterEach(() => flow.close());

const never = new AbortController().signal;
const candidate = (version: string) => ({ version, folder: folderOf(flow, version) });
const decide = (version: string) =>
  releaseSchema(flow.process().core, flow.process().target, candidate(version), never);
const unknown = { verdict: 'unknown', scratch: 'no copy could be made' } as const;
const problems = (count: number) => Array.from({ length: count }, (_, at) => `00${at}.expand.sql:1: drops a column`);

describe('a release that widens the schema', () => {
  it.each<[string, Partial<CompatReport>, Partial<SchemaPlan>, code: string, sentence: RegExp]>([
    ['is proved compatible', {}, {}, 'passes', /^compatible$/],
    ['breaks a release', { verdict: 'incompatible', findings: [] }, {}, 'schema-incompatible', /^incompatible/],
    [
      'breaks a release, whatever its author accepts',
      { verdict: 'incompatible' },
      { accepted: ['x'] },
      'schema-incompatible',
      /^incompatible/,
    ],
    ['is unknown, but only adds', unknown, {}, 'passes', /^unknown, and only adds/],
    ['is unknown and more than adds', { ...unknown, additive: false }, {}, 'schema-unknown', /may only add$/],
    [
      'is unknown, and its author accepts that',
      { ...unknown, additive: false },
      { accepted: ['x'] },
      'passes',
      /^unknown: /,
    ],
    [
      'is unknown, and one of its hazards was accepted and another was not reviewed',
      { ...unknown, additive: false },
      { accepted: ['x'], reviews: problems(1) },
      'schema-hazard',
      /^one problem in its migrations: 000.expand.sql:1: drops a column\. /,
    ],
    ['is reviewed by the scratch copy', { additive: false }, { reviews: problems(1) }, 'passes', /^compatible/],
    [
      'has a hazard',
      {},
      { problems: problems(2) },
      'schema-hazard',
      /^2 problems in its migrations: 000.*; 001.*column$/,
    ],
    ['has many hazards', {}, { problems: problems(7) }, 'schema-hazard', /^7 problems .*004.*; and 2 more$/],
  ])('and %s', async (_, report, said, code, sentence) => {
    flow.migrators.judge(report);
    flow.migrators.lint(said);
    const { refusal, evidence } = await decide('v2');
    expect(refusal?.code ?? 'passes').toBe(code);
    expect(refusal?.sentence ?? evidence?.headline).toMatch(sentence);
    // Rules need no copy: what they refuse is not tried.
    expect(flow.migrators.asked).toHaveLength(said.problems ? 0 : 1);
  });

  it('is judged with every release that may get users, itself last and only once', async () => {
    await served(flow, 'v2');
    inSlot(flow, 'blue', 'v1', 'standby');
    inSlot(flow, 'green', 'v2', 'active');
    await decide('v3');
    // What widens nothing asks for no evidence.
    expect(flow.migrators.asked).toEqual([]);
    flow.layRelease('v3', { 'migrations/003_age.expand.sql': 'ALTER TABLE users ADD COLUMN age INTEGER;' });
    await decide('v3');
    inSlot(flow, 'blue', 'v3', 'standby');
    await decide('v3');
    const judged = flow.migrators.asked.map(({ act, releases }) => [
      act.kind,
      ...releases.map(({ version, runsNow }) => `${version}${runsNow ? '' : ' new'}`),
    ]);
    // v3 has no files that are known here before it is registered; v1 may be gone back to.
    expect(judged).toEqual([
      ['expand', 'v1', 'v2', 'v3 new'],
      ['expand', 'v2', 'v3 new'],
    ]);
  });

  it('is not written for what a contract took away, and no evidence is needed for that', async () => {
    await runSchema(flow, 'v2', 'expand');
    const row = flow.migrators.database.rows.get('002_full_name');
    await flow.migrators.database.mark('002_full_name', {
      state: 'done',
      files: { ...row?.files, contract: { checksum: 'c', fingerprint: 'f' } },
    });
    flow.layRelease('v2', { 'migrations/003_age.expand.sql': 'ALTER TABLE users ADD COLUMN age INTEGER;' });
    expect((await decide('v2')).refusal).toMatchObject({
      code: 'schema-incompatible',
      sentence: 'it cannot run on the present schema: 002_full_name takes away what this release was written for',
    });
    expect((await decide('v3')).refusal).toBeUndefined();
  });

  it('is refused for files that cannot be read, with the first problem', async () => {
    flow.layRelease('v2', { 'migrations/004_age.expnd.sql': 'SELECT 1;' });
    expect((await decide('v2')).refusal).toMatchObject({
      code: 'schema-hazard',
      sentence: expect.stringContaining('004_age.expnd.sql'),
    });
  });
});

describe('a contract', () => {
  it.each<[Partial<CompatReport>, allowed: boolean]>([
    [{ verdict: 'compatible', additive: false }, true],
    [{ verdict: 'unknown', additive: true }, false],
    [{ verdict: 'incompatible' }, false],
  ])('is allowed only if it is known to be compatible: %o', async (report, allowed) => {
    flow.migrators.judge({ ...report, notChecked: Array.from({ length: 60 }, (_, at) => `view ${at}`) });
    const { core, target } = flow.process();
    const evidence = await contractEvidence(core, target, { folder: folderOf(flow, 'v3'), ids: ['002'] }, never);
    expect(evidence).toMatchObject({ allowed, verdict: report.verdict });
    expect(evidence.lines).toHaveLength(40);
    expect(flow.migrators.asked).toMatchObject([
      { act: { kind: 'contract', ids: ['002'] }, releases: [{ version: 'v1', runsNow: true }] },
    ]);
  });
});

describe('a plan that is only shown', () => {
  const seen = (version: string) => schemaSeen(flow.process().core, flow.process().target, candidate(version));

  it('says what each phase would run, the verdict and what was accepted', async () => {
    flow.migrators.lint({ accepted: ['a rewrite (accepted: small)'], reviews: ['a lock'], warnings: ['a name'] });
    expect(await seen('v3')).toMatchObject({
      refusal: undefined,
      lines: [
        'expand 002_full_name, before it starts',
        'backfill 002_full_name, once it is live',
        'contract 002_full_name, later, with an approval of its own',
        'verdict: compatible',
        'accepted: a rewrite (accepted: small)',
        'worth a look: a lock',
        'worth a look: a name',
      ],
    });
    expect(flow.migrators.database.story).toEqual(['expand 001_users']);
  });

  it.each<[string, prepare: () => void, sentence: RegExp]>([
    ['a refusal', () => flow.migrators.lint({ problems: problems(1) }), /^one problem in its migrations/],
    [
      'a database that cannot be asked',
      () =>
        flow.migrators.database.before('compatible', () => {
          throw new MigrationError('unreachable', 'the server does not answer');
        }),
      /^the server does not answer$/,
    ],
  ])('reports %s and throws nothing', async (_, prepare, sentence) => {
    prepare();
    expect((await seen('v2')).refusal).toMatchObject({
      code: 'schema-refused',
      sentence: expect.stringMatching(sentence),
    });
  });
});
