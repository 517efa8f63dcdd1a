// What external text costs the thread that renews the lease: each parser with shapes made to be slow, at sizes that
// double up to the most that it reads. Prints the table; the lease is lost at 8 s. (Another thread analyses the SQL.)

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cleanText, inertText } from '@bg/engine';
import { afterAll, expect, it } from 'vitest';
import { parseCommand } from '../apps/slack-bot/src/commands/parse.ts';
import { readDelivery } from '../packages/engine/src/builds/read.ts';
import {
  readReleaseManifest,
  releaseManifestFile,
} from '../packages/engine/src/config/release-manifest/release-manifest.ts';
import { parseEnvText } from '../packages/engine/src/lib/env-text.ts';
import { readJsonObject } from '../packages/engine/src/lib/json-object.ts';
import { fillForeign } from '../packages/engine/src/lib/template.ts';
import { readText } from '../packages/engine/src/migrator/files/text.ts';
import { readOrigin } from '../packages/engine/src/orchestrator/plan/origin.ts';

const KiB = 1024;
const leaseMs = 8_000;
const folder = mkdtempSync(join(tmpdir(), 'bg-cost-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

type Shape = (bytes: number) => string;
const again =
  (piece: string, before = '', after = ''): Shape =>
  (bytes) =>
    `${before}${piece.repeat(Math.max(1, Math.floor((bytes - before.length - after.length) / piece.length)))}${after}`;
const numbered =
  (line: (n: number) => string, between: string, before = '', after = ''): Shape =>
  (bytes) => {
    const size = line(10_000).length + between.length;
    return `${before}${Array.from({ length: Math.floor((bytes - 64) / size) }, (_, n) => line(n)).join(between)}${after}`;
  };

interface Parser {
  readonly name: string;
  readonly mostBytes: number;
  readonly read: (text: string) => unknown;
  readonly shapes: Readonly<Record<string, Shape>>;
}

const ignored = (read: () => unknown): unknown => {
  try {
    return read();
  } catch (thrown) {
    return thrown;
  }
};
const fromFile = (name: string, read: (folder: string) => unknown) => (text: string) => {
  writeFileSync(join(folder, name), text);
  return ignored(() => read(folder));
};

const parsers: readonly Parser[] = [
  {
    name: 'bluegreen.release.yaml',
    mostBytes: 128 * KiB,
    read: fromFile(releaseManifestFile, readReleaseManifest),
    shapes: {
      keys: numbered((n) => `k${n}: 1`, '\n'),
      'keys in braces': numbered((n) => `k${n}: 1`, ', ', 'a: {', '}'),
      'the same key': again('k: 1\n'),
      templates: numbered((n) => `  - a${n}.hbs`, '\n', 'templates:\n'),
      'required variables': numbered((n) => `  - A${n}`, '\n', 'requiredEnv:\n'),
      anchors: numbered((n) => `k${n}: &a${n} 1`, '\n'),
      aliases: numbered((n) => `k${n}: *a`, '\n', 'a: &a [1]\n'),
      laughs: () =>
        `a0: &a0 x\n${Array.from({ length: 60 }, (_, n) => `a${n + 1}: &a${n + 1} [*a${n}, *a${n}]`).join('\n')}`,
      brackets: again('[', 'a: '),
      tabs: again('\t- \n', 'a:\n'),
      tags: again('  - !x y\n', 'a:\n'),
      escapes: again('\\x', 'a: "', '"'),
      comments: again('# x\n', 'notes: x\n'),
    },
  },
  {
    name: 'release.json',
    mostBytes: 64 * KiB,
    read: fromFile('release.json', readOrigin),
    shapes: { brackets: again('['), keys: numbered((n) => `"k${n}":1`, ',', '{', '}') },
  },
  {
    name: 'env file',
    mostBytes: 1024 * KiB,
    read: (text) => ignored(() => parseEnvText(text)),
    shapes: {
      names: again('A=1\n'),
      'open quotes': again('A="x\n'),
      hashes: again(' #', 'A='),
      escapes: again('\\n', 'A="', '"'),
      blanks: again(' ', 'A=', 'x'),
      braces: again('${', 'A='),
    },
  },
  {
    name: 'template',
    mostBytes: 256 * KiB,
    read: (text) => fillForeign({ text, values: { A: '1' } }),
    shapes: {
      blocks: again('{{#if A}}x{{/if}}'),
      deep: again('{{#if A}}'),
      tags: again('{{A}}'),
      open: again('{{'),
      comments: again('{{!-- '),
      escaped: again('\\{{'),
      'a long name': again('a.', '{{', '}}'),
      words: again('b ', '{{a ', '}}'),
      blanks: again(' ', '{{', '}}'),
      'blank lines': again('{{#if A}}\n\n\n{{/if}}\n'),
    },
  },
  {
    name: 'migration file',
    mostBytes: 4096 * KiB,
    read: (text) => readText('001_a.expand.sql', Buffer.from(text)),
    shapes: {
      COPY: again('COPY '),
      'block comments': again('/* '),
      bodies: again('$a$ $b$ '),
      quotes: again('"a" '),
      'commands of a client': again('\\\n'),
      'delimiter and lines': again('delimiter \n'),
      semicolons: again(';'),
      blanks: again('   \\'),
    },
  },
  {
    name: 'delivery of a code host',
    mostBytes: 4096 * KiB,
    read: (body) => {
      const parsed = readJsonObject(Buffer.from(body));
      return parsed.ok && readDelivery([], { hook: 'github', kind: 'push', document: parsed.value });
    },
    shapes: {
      brackets: again('['),
      'names beside the author': (bytes) =>
        JSON.stringify({ ref: 'refs/heads/main', head_commit: { message: again('Co-authored-by: a <a@b>\n')(bytes) } }),
      commits: numbered(
        (n) => `{"id":"${n}","author":{"name":"n${n}"}}`,
        ',',
        '{"ref":"refs/heads/main","commits":[',
        ']}',
      ),
      'a long branch': again('a/', '{"ref":"refs/heads/', '"}'),
    },
  },
  {
    name: 'text of a command',
    mostBytes: 64 * KiB,
    read: (text) => parseCommand({ key: 'deploy', command: '/deploy', text, known: [] }),
    shapes: { quotes: again('"a '), markup: again('<'), dashes: again('— '), words: again('a ') },
  },
  {
    name: 'text that is shown',
    mostBytes: 1024 * KiB,
    read: (text) => [cleanText(text), inertText(text)],
    shapes: {
      marks: again('_a*~:b:'),
      accents: again('\u0301'),
      underscores: again('_', 'a'),
      blanks: again(' ', '>'),
    },
  },
];

const shares = [8, 4, 2, 1] as const;

it('no text costs the thread that keeps the lease as long as the lease lasts', { timeout: 600_000 }, () => {
  const rows = parsers.flatMap(({ name, mostBytes, read, shapes }) =>
    Object.entries(shapes).map(([shape, make]) => {
      const took = shares.map((share) => {
        const text = make(mostBytes / share);
        const began = performance.now();
        read(text);
        return Math.round(performance.now() - began);
      });
      return { name, shape, most: `${mostBytes / KiB} KiB`, took };
    }),
  );
  const lines = rows.map(
    ({ name, shape, most, took }) =>
      `${name.padEnd(26)}${shape.padEnd(26)}${most.padStart(9)}${took.map((ms) => `${ms} ms`.padStart(10)).join('')}`,
  );
  process.stdout.write(
    `${'parser'.padEnd(26)}${'shape'.padEnd(26)}${'most'.padStart(9)}${shares.map((share) => `1/${share}`.padStart(10)).join('')}\n${lines.join('\n')}\n`,
  );
  expect(rows.filter(({ took }) => took.some((ms) => ms >= leaseMs))).toEqual([]);
});
