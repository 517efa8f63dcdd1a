// Folders, files, and how the balancer and Slack are reached.

import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import { readEnvFile } from '../lib/env-file.ts';
import { messageOf } from '../lib/errors.ts';
import type { Draft } from './kit/draft.ts';
import type { Path } from './kit/path.ts';
import { error, type Finding, warning } from './kit/problems.ts';
import type { ConfigFile } from './schema.ts';
import { commandWords } from './slack/command-words.ts';
import type { TargetDraft } from './target-draft.ts';

/** Sockets live in the state folder, and the system holds their paths to 108 bytes. */
const maxStateBytes = 60;

export function checkState(draft: Draft<ConfigFile>, folder: string): readonly Finding[] {
  if (draft?.state === undefined) return [];
  const path = resolve(folder, draft.state);
  const bytes = Buffer.byteLength(path);
  if (bytes > maxStateBytes)
    return [
      error(
        ['state'],
        `is ${bytes} bytes long as an absolute path; at most ${maxStateBytes}, so that sockets fit below it`,
      ),
    ];
  return kindOf(path) === 'file' ? [error(['state'], 'is a file; expected a folder, or nothing yet')] : [];
}

/** Missing files are reported early, but stop nothing: a person may add them before the first deployment. */
export function checkFiles({ options, own, path, saidAt }: TargetDraft, folder: string): readonly Finding[] {
  const { releases } = options;
  const lists: readonly (readonly [Path, readonly (string | undefined)[] | undefined])[] = [
    [saidAt('envFiles'), options.envFiles],
    [[...path, 'slots', 'blue', 'envFiles'], own.slots?.blue?.envFiles],
    [[...path, 'slots', 'green', 'envFiles'], own.slots?.green?.envFiles],
  ];
  return [
    ...(releases !== undefined && isAbsent(resolve(folder, releases), 'folder')
      ? [warning(saidAt('releases'), 'there is no such folder yet; put releases there, one folder per version')]
      : []),
    ...lists.flatMap(([at, files]) =>
      (files ?? []).flatMap((file, index) =>
        file === undefined ? [] : checkEnvFile([...at, index], resolve(folder, file)),
      ),
    ),
  ];
}

/** A warning: what runs goes on, and a rollback does not depend on an env file that the other slot needs. */
function checkEnvFile(at: Path, file: string): readonly Finding[] {
  const kind = kindOf(file);
  if (kind === 'unknown') return [];
  if (kind !== 'file') return [warning(at, 'there is no such file yet; a slot cannot start without it')];
  try {
    return readEnvFile(file).problems.map(({ line, problem }) =>
      warning(at, `${file}:${line}: ${problem}; a slot cannot start with it`),
    );
  } catch (thrown) {
    return isDenied(thrown) ? [] : [warning(at, `${messageOf(thrown)}; a slot cannot start with it`)];
  }
}

/** Maybe only the user of the service may read the secrets: then this check reports nothing about them. */
const isDenied = (thrown: unknown): boolean =>
  thrown instanceof Error && (thrown.cause as { readonly code?: unknown } | undefined)?.code === 'EACCES';

/** Slack answers these itself; a manifest that names one is refused as a whole. */
const slackOwnWords = new Set(
  'active apps archive away call collapse dm dnd expand feed feedback invite join kick leave me msg mute open part pro remind remove rename search shortcuts shrug star status topic who'.split(
    ' ',
  ),
);

export function checkCommands(draft: Draft<ConfigFile>): readonly Finding[] {
  const slack = draft?.slack;
  const words = Object.entries(commandWords({ prefix: slack?.prefix, commands: slack?.commands }));
  return words.flatMap(([verb, word], index) => {
    const at = ['slack', 'commands', verb];
    const same = words.slice(0, index).find(([, other]) => other === word);
    if (same) return [error(at, `is the same word as that of ${same[0]}; expected another`)];
    return slackOwnWords.has(word)
      ? [
          warning(
            at,
            `Slack keeps /${word} for itself and refuses an app that names it; choose another word or set slack.prefix`,
          ),
        ]
      : [];
  });
}

function isAbsent(path: string, wanted: 'file' | 'folder'): boolean {
  const kind = kindOf(path);
  return kind !== wanted && kind !== 'unknown';
}

/** `unknown` when this process may not read it: then nothing is reported about it. */
function kindOf(path: string): 'file' | 'folder' | 'nothing' | 'unknown' {
  try {
    const found = statSync(path, { throwIfNoEntry: false });
    return found === undefined ? 'nothing' : found.isDirectory() ? 'folder' : 'file';
  } catch {
    return 'unknown';
  }
}
