// The pages of docs/hazards, with the examples that tests run.

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Section, sectionsOf } from './sections.ts';

const folder = join(import.meta.dirname, '../../../../../docs/hazards');

export type Proof =
  /** Statements of the old release fail or have other results afterwards. */
  | 'old'
  /** They wait while all rows are read or written. */
  | 'waits'
  /** It waits for a reader, and they wait behind it. */
  | 'queue'
  | 'refused'
  /** Nothing to see on a server. */
  | 'told';

export interface Example {
  readonly rule: string;
  readonly text: string;
  readonly proof: Proof;
  /** The table whose reader is waited for, for `queue`. */
  readonly reader: string;
  readonly unsafe: readonly Section[];
  /** As the lint says it. */
  readonly safe: string | undefined;
  /** What was done before the safe form, and what the new release filled in after its expand step. */
  readonly before: string | undefined;
  readonly filled: string | undefined;
  /** Statements of the old release: the common ones, and the page's. */
  readonly old: readonly string[];
}

export type Kind = 'postgres' | 'sqlite';

export const pageNames = (): readonly string[] => readdirSync(folder).filter((name) => name.endsWith('.md'));
export const readPage = (name: string): string => readFileSync(join(folder, name), 'utf8');

/** What all examples run on. */
export const givenFor = (kind: Kind): string => blocks(readPage('README.md'), kind).get('given')?.text ?? '';

export function examplesFor(kind: Kind): readonly Example[] {
  const common = statementsIn(blocks(readPage('README.md'), kind).get('old')?.text);
  return pageNames().flatMap((name) => {
    const text = readPage(name);
    const found = blocks(text, kind);
    const unsafe = found.get('unsafe');
    if (unsafe === undefined) return [];
    const [proof, reader = 'users'] = unsafe.words;
    return [
      {
        rule: name.replace('.md', ''),
        text,
        proof: proof as Proof,
        reader,
        unsafe: sectionsOf(unsafe.text),
        safe: found.get('safe')?.text,
        before: found.get('before')?.text,
        filled: found.get('filled')?.text,
        old: [...common, ...statementsIn(found.get('old')?.text)],
      },
    ];
  });
}

interface Block {
  readonly words: readonly string[];
  readonly text: string;
}

function blocks(page: string, kind: Kind): ReadonlyMap<string, Block> {
  const found = page.matchAll(new RegExp(`\`\`\`sql ${kind} (\\w+)([^\\n]*)\\n([\\s\\S]*?)\\n\`\`\``, 'g'));
  return new Map(
    [...found].map(([, name = '', words = '', text = '']) => [
      name,
      { words: words.trim().split(' ').filter(Boolean), text },
    ]),
  );
}

/** One per line, without the semicolon. */
const statementsIn = (text: string | undefined): readonly string[] =>
  (text ?? '')
    .split('\n')
    .map((line) => line.replace(/;$/, ''))
    .filter(Boolean);
