import { expect, test } from 'vitest';
import { makeRestorePoint } from './before-contract.ts';

const facts = { service: 'shop', target: 'production', contract: 'c_1', migrations: ['002_a', '003_b'] };
const address = 'postgres://app:p%40ss-word@db/shop';
const work = { address, signal: new AbortController().signal };
const node = (program: string, timeoutMs = 20_000) => ({ argv: [process.execPath, '-e', program] as const, timeoutMs });

test('its environment is the only way it learns what is contracted and where', async () => {
  const program = 'console.log(Object.keys(process.env).sort().join(" "), process.env.BLUEGREEN_MIGRATIONS)';
  expect(await makeRestorePoint(node(program), facts, work)).toBe(
    'BLUEGREEN_CONTRACT BLUEGREEN_MIGRATIONS BLUEGREEN_SERVICE BLUEGREEN_TARGET DATABASE_URL PATH 002_a 003_b',
  );
});

test('the last lines that it prints are stored, without the address and its password', async () => {
  const program =
    'for (let i = 0; i < 100; i += 1) console.log("line " + i); console.log(process.env.DATABASE_URL, "p@ss-word", "p%40ss-word")';
  const printed = await makeRestorePoint(node(program), facts, work);
  expect(printed.split('\n')).toHaveLength(10);
  expect(printed).toContain('*** *** ***');
  expect(printed).not.toMatch(/ss-word/);
});

test('one that fails, is not there or takes too long refuses, with its last lines and without secrets', async () => {
  const fails = makeRestorePoint(
    node('console.error("cannot reach " + process.env.DATABASE_URL); process.exit(3)'),
    facts,
    work,
  );
  await expect(fails).rejects.toMatchObject({
    code: 'failed',
    message: expect.stringMatching(/ended with 3: cannot reach \*\*\*$/),
  });
  const missing = makeRestorePoint({ argv: ['/nowhere/backup'], timeoutMs: 1_000 }, facts, work);
  await expect(missing).rejects.toMatchObject({
    code: 'failed',
    message: expect.stringContaining('/nowhere/backup cannot be executed'),
  });
  const slow = makeRestorePoint(node('setInterval(() => {}, 1000)', 500), facts, work);
  await expect(slow).rejects.toMatchObject({
    code: 'failed',
    message: expect.stringContaining('ran longer than 500 ms'),
  });
});
