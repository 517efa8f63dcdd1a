// Completion as the shells run it, and the manual page as man reads it.

import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { buildProgram } from '../program.ts';
import { completionFor, shells } from './completion.ts';
import { manualPage } from './manual.ts';
import { entriesOf } from './tree.ts';

const world = {
  environment: {},
  out: process.stdout,
  err: process.stderr,
  stop: AbortSignal.abort(),
  reader: { hasLeft: false, isOutlived: false },
};
const entries = entriesOf(buildProgram(world, () => {}));

function completedByBash(words: readonly string[]): readonly string[] {
  const script = `${completionFor('bash', entries)}
COMP_WORDS=(${words.map((word) => `'${word}'`).join(' ')}); COMP_CWORD=${words.length - 1}; _bg; printf '%s\\n' "\${COMPREPLY[@]}"`;
  return spawnSync('bash', ['-c', script], { encoding: 'utf8' }).stdout.trim().split('\n');
}

const folder = mkdtempSync(join(tmpdir(), 'bg-self-'));
afterAll(() => rmSync(folder, { recursive: true }));

describe('completion', () => {
  it('names the commands, those of a group, and the options of a command', () => {
    expect(completedByBash(['bg', 'roll'])).toEqual(['rollback']);
    expect(completedByBash(['bg', 'audit', 'ver'])).toEqual(['verify']);
    expect(completedByBash(['bg', 'deploy', 'v2.1', 'shop', '--cana'])).toEqual(['--canary']);
    expect(completedByBash(['bg', '--config', 'file.yaml', 'state', ''])).toContain('backup');
  });

  it('is understood by every shell that is installed', () => {
    const checks = { bash: ['bash', '-n'], zsh: ['zsh', '-n'], fish: ['fish', '--no-execute'] } as const;
    for (const shell of shells) {
      const [program, option] = checks[shell];
      if (!existsSync(`/usr/bin/${program}`)) continue;
      const file = join(folder, `bg.${shell}`);
      writeFileSync(file, completionFor(shell, entries));
      const { status, stderr } = spawnSync(program, [option, file], { encoding: 'utf8' });
      expect({ shell, status, stderr }).toEqual({ shell, status: 0, stderr: '' });
    }
  });

  it('covers every command in every shell', () => {
    for (const shell of shells)
      for (const { words } of entries) expect(completionFor(shell, entries)).toContain(words.join(' '));
  });
});

describe('the manual page', () => {
  const page = manualPage(entries, { version: '1.2.3', date: '2026-11-30' });

  it('has every command, and no line that is a request by accident', () => {
    expect(page).toContain('bluegreen 1.2.3');
    for (const { words } of entries.slice(1))
      expect(page).toContain(`.SS bg ${words.join(' ').replaceAll('-', '\\-')}`);
    const requests = page.split('\n').filter((line) => /^[.']/.test(line));
    expect(requests.filter((line) => !/^\.(TH|SH|SS|TP|PP|B|I|RI|nf|fi)( |$)/.test(line))).toEqual([]);
  });

  it.skipIf(!existsSync('/usr/bin/groff'))('is drawn by groff without a warning', () => {
    const { status, stdout, stderr } = spawnSync('groff', ['-man', '-Tutf8', '-ww'], { input: page, encoding: 'utf8' });
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout).toContain('rollback');
  });
});
