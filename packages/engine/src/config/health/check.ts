// A rule of health whose parts fit together.

import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Path } from '../kit/path.ts';
import { error, type Finding, warning } from '../kit/problems.ts';
import type { TargetDraft } from '../target-draft.ts';
import { headerPattern } from './health.ts';

export function checkHealth({ options, saidAt }: TargetDraft, folder: string): readonly Finding[] {
  const { headers, ca, type, command, grpcService, fields } = options.health ?? {};
  const at = (key: string): Path => [...saidAt('health', key)];
  const wrong = Object.keys(headers ?? {}).filter((name) => !headerPattern.test(name));
  return [
    ...wrong.map((name) =>
      error([...at('headers'), name], `expected the name of a header, found "${name.slice(0, 40)}"`),
    ),
    ...(type === 'command' && command === undefined
      ? [error(at('type'), 'needs health.command: a list of a program and its arguments')]
      : []),
    ...(type !== 'command' && command !== undefined
      ? [warning(at('command'), 'is not looked at, since health.type is not command')]
      : []),
    ...(type !== 'grpc' && grpcService !== undefined
      ? [warning(at('grpcService'), 'is not looked at, since health.type is not grpc')]
      : []),
    ...sharedNames(fields?.dependencies).map((index) =>
      error(
        [...saidAt('health', 'fields', 'dependencies'), index, 'name'],
        'is the name of a dependency above already',
      ),
    ),
    ...(ca !== undefined && !isFile(resolve(folder, ca))
      ? [warning(at('ca'), 'there is no such file yet; no side can become healthy without it')]
      : []),
  ];
}

type Fields = NonNullable<NonNullable<TargetDraft['options']['health']>['fields']>;

function sharedNames(dependencies: NonNullable<Fields['dependencies']> = []): readonly number[] {
  const names = dependencies.map((each) => each?.name);
  return names.flatMap((name, index) => (name !== undefined && names.indexOf(name) < index ? [index] : []));
}

function isFile(path: string): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false })?.isFile() === true;
  } catch {
    return true; // This process may not read it: then nothing is reported about it.
  }
}
