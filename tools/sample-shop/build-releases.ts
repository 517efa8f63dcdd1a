// Lays out the sample shop's releases: one folder per version, each with everything it runs on, as a build would.

import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { statementsOf } from './src/sql.mjs';

const source = join(import.meta.dirname, 'src');
const common = ['shop.mjs', 'ledger.mjs', 'orders.mjs', 'page.mjs', 'products.mjs', 'sql.mjs'];
/** A release contains every migration up to its own. */
const newestMigration: Readonly<Record<string, number>> = { 'v1.0': 1, 'v2.0': 2 };

/**
 * Writes `<folder>/shop/<version>/…`, `except` some. Does not write files that are right: releases are immutable.
 */
export async function layReleases(folder: string, except: readonly string[] = []): Promise<void> {
  for (const version of await releaseVersions()) {
    if (except.includes(version)) continue;
    const target = join(folder, 'shop', version);
    for (const file of [...common, join('releases', `${version}.mjs`)])
      await writeIfDifferent(join(target, file), await readFile(join(source, file)));
    for (const file of await migrationsOf(version))
      await writeIfDifferent(join(target, 'migrations', file), await readFile(join(source, 'migrations', file)));
    await writeIfDifferent(join(target, 'server.mjs'), Buffer.from(entry(version)));
    await writeIfDifferent(join(target, 'bluegreen.release.yaml'), Buffer.from(manifest));
    await writeIfDifferent(join(target, 'statements.sql'), Buffer.from(statements(version)));
    await writeIfDifferent(join(target, 'release.json'), Buffer.from(origin(version)));
  }
}

async function migrationsOf(version: string): Promise<readonly string[]> {
  const newest = newestMigration[version] ?? Number.POSITIVE_INFINITY;
  return (await readdir(join(source, 'migrations'))).filter((file) => Number.parseInt(file, 10) <= newest);
}

function entry(version: string): string {
  return `import { release } from './releases/${version}.mjs';
import { startShop } from './shop.mjs';

startShop(release);
`;
}

const manifest = `# What this release asks of its database: whether it can live with a schema is tried with these.
schema:
  statements: statements.sql
`;

function statements(version: string): string {
  const money = version === 'v1.0' || version === 'v2.0' ? 'amount' : 'cents';
  return `${Object.values(statementsOf({ version, money })).join(';\n')};\n`;
}

/** Where the release says it comes from: shown on cards. */
function origin(version: string): string {
  const facts = { commit: commitOf(version), author: 'Alice Moreau', subject: `Sample shop ${version}` };
  return `${JSON.stringify(facts, undefined, 2)}\n`;
}

export const commitOf = (version: string): string => createHash('sha1').update(version).digest('hex');

/** In the order of their numbers: `v1.0`, `v2.0`, … */
export async function releaseVersions(): Promise<readonly string[]> {
  const files = await readdir(join(source, 'releases'));
  return files.map((file) => file.replace(/\.mjs$/, '')).toSorted();
}

async function writeIfDifferent(file: string, wanted: Buffer): Promise<void> {
  const present = await readFile(file).catch(() => undefined);
  if (present?.equals(wanted)) return;
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, wanted);
}

if (import.meta.main) {
  const folder = process.argv[2];
  if (folder === undefined) {
    console.error('usage: node tools/sample-shop/build-releases.ts <folder>');
    process.exit(2);
  }
  await layReleases(folder);
  console.log(`${(await releaseVersions()).join(', ')} are in ${join(folder, 'shop')}`);
}
