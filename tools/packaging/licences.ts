// The licences of what the bundle contains: their terms ask that the text is handed on.

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type InstalledPackage, packageOf } from './closure.ts';

/** @throws Error for a package that has neither a licence file nor names its licence */
export function licencesOf(root: string, modules: readonly string[]): string {
  const packages = new Map<string, InstalledPackage>();
  for (const module of modules) {
    const found = packageOf(root, module);
    if (found !== undefined) packages.set(`${found.name} ${found.version}`, found);
  }
  const texts = [...packages.values()]
    .toSorted((left, right) => left.name.localeCompare(right.name))
    .map((each) => `${each.name} ${each.version} (${each.license ?? 'see below'})\n\n${textOf(each)}`);
  return `This program contains the packages below, each under its own licence.\n\n${texts.join(`\n${'-'.repeat(72)}\n`)}`;
}

function textOf({ name, folder, license }: InstalledPackage): string {
  const file = readdirSync(folder).find((each) => /^(licen[cs]e|copying)/i.test(each));
  if (file !== undefined) return `${readFileSync(join(folder, file), 'utf8').trim()}\n`;
  if (license === undefined) throw new Error(`${name} names no licence`);
  return `Its package has no licence file; it names the licence ${license}.\n`;
}
