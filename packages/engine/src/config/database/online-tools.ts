// Programs that change tables while they are in use: each with a name and a command that can do its work.

import { placeholderPattern, placeholders } from '../kit/online-placeholders.ts';
import { error, type Finding, warning } from '../kit/problems.ts';
import type { TargetDraft } from '../target-draft.ts';

export function checkOnlineTools({ options, saidAt }: TargetDraft): readonly Finding[] {
  const { onlineTools = [] } = options.database ?? {};
  const at = saidAt('database', 'onlineTools');
  if (onlineTools.length === 0) return [];
  const names = onlineTools.map((tool) => tool?.name);
  return [
    ...onlineTools.flatMap((tool, index) => [
      ...(tool?.name === undefined ? [error([...at, index, 'name'], 'is missing')] : []),
      ...(names.indexOf(tool?.name) < index ? [error([...at, index, 'name'], 'is the name of another tool')] : []),
      ...(isGhost(tool?.command?.[0]) || tool?.name === ghost ? [error([...at, index, 'command'], noGhost)] : []),
      ...problemsOf((tool?.command ?? []).map((word) => word ?? '')).map(({ problem, isError }) =>
        (isError ? error : warning)([...at, index, 'command'], problem),
      ),
    ]),
  ];
}

const ghost = 'gh-ost';
/** Its 1.1.6, the newest that is to be had, sends `transaction_isolation` with each connection, an unknown variable there. */
const noGhost =
  'gh-ost ends at once on MariaDB, which does not know the variable transaction_isolation that it sets; use pt-online-schema-change';

const isGhost = (program: string | undefined): boolean => program?.split('/').at(-1) === ghost;

interface Problem {
  readonly problem: string;
  readonly isError: boolean;
}

function problemsOf(words: readonly string[]): readonly Problem[] {
  if (words.length === 0) return [{ problem: 'is missing', isError: true }];
  const all = words.join(' ');
  const used = [...all.matchAll(placeholderPattern)].map(([, name = '']) => name);
  const known: readonly string[] = placeholders;
  return [
    ...used
      .filter((name) => !known.includes(name))
      .map((name) => ({ problem: `{${name}} is unknown; known are {${placeholders.join('}, {')}}`, isError: true })),
    ...(['table', 'alter'] as const)
      .filter((name) => !used.includes(name))
      .map((name) => ({ problem: `has no {${name}}, which comes from the migration`, isError: false })),
    ...(used.includes('defaults')
      ? []
      : [
          {
            problem: 'has no {defaults}, the file with user and password: the tool must find them itself',
            isError: false,
          },
        ]),
    ...(/(?:^|\s)-{1,2}p(?:assword)?=\S|,p=/.test(all)
      ? [
          {
            problem: 'holds a password, which every account of the machine can read: {defaults} is a file with it',
            isError: true,
          },
        ]
      : []),
  ];
}
