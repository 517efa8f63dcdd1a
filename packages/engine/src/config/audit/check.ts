// The audit log outside: each destination has what its driver needs, and no secret travels in the clear.

import { resolve } from 'node:path';
import type { Draft } from '../kit/draft.ts';
import type { Path } from '../kit/path.ts';
import { error, type Finding, warning } from '../kit/problems.ts';
import { hostOf, isThisMachine } from '../notify/check.ts';
import type { ConfigFile } from '../schema.ts';

const needed = { syslog: 'address', file: 'path', http: 'url' } as const;

export function checkAudit(draft: Draft<ConfigFile>, folder: string): readonly Finding[] {
  const { headsFile, ship = [] } = draft?.audit ?? {};
  const names = (ship ?? []).map((each) => each?.name);
  return [
    ...insideState(draft, folder, headsFile, ['audit', 'headsFile']),
    ...(ship ?? []).flatMap((each, index) => {
      if (!each) return [];
      const at = (key: string): Path => ['audit', 'ship', index, key];
      return [
        ...(each.name !== undefined && names.indexOf(each.name) < index
          ? [error(at('name'), 'another one has the same name already')]
          : []),
        ...(each.name === 'heads' ? [error(at('name'), 'is the name of headsFile; choose another one')] : []),
        ...checkKeys(each, at),
        ...insideState(draft, folder, each.path, at('path')),
      ];
    }),
  ];
}

type Destination = NonNullable<NonNullable<ConfigFile['audit']>['ship']>[number];

function checkKeys(each: NonNullable<Draft<Destination>>, at: (key: string) => Path): readonly Finding[] {
  const { driver, url } = each;
  if (driver === undefined) return [];
  const own = needed[driver];
  const findings: Finding[] = [];
  if (!(own in each)) findings.push(error(at(own), `is missing; ${driver} needs it`));
  for (const key of ['address', 'path', 'url', 'token'] as const)
    if (key in each && key !== own && !(key === 'token' && driver === 'http'))
      findings.push(error(at(key), `is not for ${driver}; expected ${own}`));
  if ('ca' in each && !(driver === 'syslog' && each.address?.startsWith('tls://')))
    findings.push(error(at('ca'), 'is only for syslog at an address with tls://'));
  if (driver === 'http' && 'token' in each && url?.startsWith('http:') && !isThisMachine(hostOf(url)))
    findings.push(error(at('url'), 'would send the token in the clear; expected https://'));
  return findings;
}

/** Who can change the state can change such a file as well. */
function insideState(draft: Draft<ConfigFile>, folder: string, path: string | undefined, at: Path): readonly Finding[] {
  const state = draft?.state;
  if (path === undefined || state === undefined) return [];
  return `${resolve(folder, path)}/`.startsWith(`${resolve(folder, state)}/`)
    ? [warning(at, 'is in the state folder: an account that can change the log there can change this file too')]
    : [];
}
