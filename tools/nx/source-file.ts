// What a rule may know of a file: where it is, what it imports, what it says outside of comments.

import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';

export interface SourceFile {
  /** From the root of the repository. */
  readonly path: string;
  readonly text: string;
  /** As the import line names it; files as paths from the root. */
  readonly imports: readonly Import[];
  /** Without comments. */
  readonly code: string;
}

export interface Import {
  readonly target: string;
  /** `import type`: gone when the program runs. */
  readonly isType: boolean;
}

const folders = ['packages', 'apps', 'tools', 'test', 'bench'];
const skipped = new Set(['node_modules', 'golden', 'page', 'test-output', 'coverage']);

export function readSources(root: string): readonly SourceFile[] {
  return folders
    .flatMap((folder) => listFiles(root, folder))
    .map((path) => sourceFile(path, readFileSync(join(root, path), 'utf8')));
}

export function sourceFile(path: string, text: string): SourceFile {
  const code = withoutComments(text);
  return { path, text, code, imports: importsOf(path, code) };
}

function listFiles(root: string, folder: string): string[] {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory()) return skipped.has(entry.name) || entry.name.startsWith('.') ? [] : listFiles(root, path);
    return /\.(ts|mts|mjs|js)$/.test(entry.name) ? [path] : [];
  });
}

/** Whole lines and ends of lines; `://` of an address is none. */
function withoutComments(text: string): string {
  return text.replaceAll(/\/\*[\s\S]*?\*\//g, '').replaceAll(/(^|[^:'"`\\])\/\/.*$/gm, '$1');
}

function importsOf(path: string, code: string): readonly Import[] {
  const found: Import[] = [];
  for (const [, type, target = ''] of code.matchAll(
    /^\s*(?:import|export)\s+(type\s+)?[^'"`;]*?from\s+['"]([^'"]+)['"]/gm,
  ))
    found.push({ target: resolved(path, target), isType: type !== undefined });
  for (const [, target = ''] of code.matchAll(/(?:^\s*import\s+|\bimport\(\s*)['"]([^'"]+)['"]/gm))
    found.push({ target: resolved(path, target), isType: false });
  return found;
}

function resolved(path: string, target: string): string {
  return target.startsWith('.') ? normalize(join(dirname(path), target)) : target;
}
