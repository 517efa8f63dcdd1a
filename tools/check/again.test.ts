// Real files of tests, run by the real vitest in a separate workspace.

import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { type Repeating, repeatOneByOne } from './again.ts';
import { nothing, type Totals } from './report.ts';

const repository = resolve(import.meta.dirname, '../..');
const root = mkdtempSync(join(tmpdir(), 'bg-check-'));
const quietly: Repeating = { root, signal: new AbortController().signal, ci: false, output: 'ignore' };

beforeAll(() => {
  vi.stubEnv('TMPDIR', root);
  mkdirSync(join(root, 'shop'));
  symlinkSync(join(repository, 'node_modules'), join(root, 'node_modules'));
  // The one that every workspace has.
  copyFileSync(join(repository, 'vitest.config.ts'), join(root, 'shop', 'vitest.config.ts'));
});
beforeEach(() => {
  vi.spyOn(console, 'log').mockReturnValue();
});
afterAll(() => {
  vi.unstubAllEnvs();
  rmSync(root, { recursive: true, force: true });
});

/** Writes the file as it is when it runs by itself; the tests named failed before. */
function failedIn(name: string, tests: readonly string[], text: string): Totals {
  const file = join(root, 'shop', `${name}.test.ts`);
  writeFileSync(file, `import { beforeAll, describe, expect, it } from 'vitest';\n${text}`);
  const place = { workspace: 'shop', file };
  return {
    passed: 10,
    failed: tests.length,
    skipped: 0,
    failures: tests.map((test) => ({ sentence: `shop: ${test}`, place: { ...place, test } })),
  };
}

describe('tests that failed', { timeout: 120_000 }, () => {
  it('count as passed when they pass in a separate run, and are named', async () => {
    const totals = failedIn('noisy', ['waits'], "it('waits', () => {});");
    expect(await repeatOneByOne(totals, quietly)).toEqual({
      passed: 11,
      failed: 0,
      sentences: ['! failed beside other work, passed alone: shop: waits'],
    });
  });

  it('count as failed in CI when they pass in a separate run, and the sentence says so', async () => {
    const totals = failedIn('flaky', ['waits', 'adds'], "it('waits', () => {}); it('adds', () => expect(1).toBe(2));");
    expect(await repeatOneByOne(totals, { ...quietly, ci: true })).toEqual({
      passed: 10,
      failed: 2,
      sentences: [
        '✗ failed beside other work, passed alone, which counts as failed in CI: shop: waits',
        '✗ failed beside other work, and alone: shop: adds',
      ],
    });
  });

  it('stay failed when they fail in a separate run too, each for itself', async () => {
    const totals = failedIn('half', ['waits', 'adds'], "it('waits', () => {}); it('adds', () => expect(1).toBe(2));");
    expect(await repeatOneByOne(totals, quietly)).toEqual({
      passed: 11,
      failed: 1,
      sentences: [
        '! failed beside other work, passed alone: shop: waits',
        '✗ failed beside other work, and alone: shop: adds',
      ],
    });
  });

  it('show what fails only in a separate run', async () => {
    const totals = failedIn('order', ['waits'], "it('waits', () => {}); it('leans', () => expect(1).toBe(2));");
    expect(await repeatOneByOne(totals, quietly)).toMatchObject({
      passed: 11,
      failed: 1,
      sentences: [expect.stringMatching(/passed alone/), '✗ failed alone, not beside other work: shop: leans'],
    });
  });

  it.each([
    { what: 'throws outside of any test', text: "it('waits', () => { Promise.reject(new Error('astray')); });" },
    { what: 'cannot be run', text: "throw new Error('broken');" },
    {
      what: 'gets stuck before it',
      text: "describe('a', () => { beforeAll(() => { throw new Error('no'); }); it('waits', () => {}); });",
    },
  ])('stay failed when the second run $what', async ({ text }) => {
    const settled = await repeatOneByOne(failedIn('astray', ['waits'], text), quietly);
    expect(settled.sentences[0]).toBe('✗ failed beside other work, and alone: shop: waits');
    expect(settled.failed).toBeGreaterThan(0);
    expect(settled.passed).toBe(10);
  });

  it('stay failed when the second run leaves no report', async () => {
    const totals = failedIn('gone', ['waits'], '');
    rmSync(join(root, 'shop', 'gone.test.ts'));
    expect(await repeatOneByOne(totals, quietly)).toEqual({
      passed: 10,
      failed: 1,
      sentences: ['✗ failed beside other work, and alone: shop: waits'],
    });
  });

  it('are not repeated when they are in more than three files, nor when their files are unknown', async () => {
    const many = ['a', 'b', 'c', 'd'].map((name) => failedIn(name, [name], `it('${name}', () => {});`));
    const totals: Totals = { ...nothing, failed: 4, failures: many.flatMap(({ failures }) => failures) };
    expect(await repeatOneByOne(totals, quietly)).toMatchObject({ passed: 0, failed: 4 });
    const lost: Totals = { ...nothing, failed: 1, failures: [{ sentence: 'shop: no report', place: undefined }] };
    expect(await repeatOneByOne(lost, quietly)).toEqual({
      passed: 0,
      failed: 1,
      sentences: ['✗ failed: shop: no report'],
    });
  });

  it('leave no file behind', () => {
    expect(readdirSync(root).toSorted()).toEqual(['node_modules', 'shop']);
  });
});
