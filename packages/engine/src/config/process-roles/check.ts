// Process roles whose parts do not fit together, or that the environment of the target cannot run.

import { driverCannot } from '../../domain/capabilities.ts';
import { shellWords } from '../../lib/shell-words.ts';
import type { Drivers } from '../drivers.ts';
import type { Path } from '../kit/path.ts';
import { error, type Finding, warning } from '../kit/problems.ts';
import { nameExpected, namePattern } from '../kit/values.ts';
import { driverOf } from '../process/environment.ts';
import type { TargetDraft } from '../target-draft.ts';

export function checkProcessRoles(target: TargetDraft, drivers: Drivers['environments']): readonly Finding[] {
  const { own, options, saidAt, isSaid } = target;
  if (!isSaid('processRoles')) return [];
  const driver = driverOf(own, drivers);
  if (driver && !driver.processRoles) return [error(saidAt('processRoles'), driverCannot(driver.name, 'processRoles'))];
  return Object.entries(options.processRoles ?? {}).flatMap(([name, role]) =>
    role ? checkRole(name, role, (...keys) => saidAt('processRoles', name, ...keys)) : [],
  );
}

type RoleDraft = NonNullable<NonNullable<TargetDraft['options']['processRoles']>[string]>;

function checkRole(name: string, role: RoleDraft, at: (...keys: readonly string[]) => Path): readonly Finding[] {
  const { command, handover, inPreview, check, instances } = role;
  return [
    ...(namePattern.test(name) ? [] : [{ ...error(at(), `expected ${nameExpected}`), atKey: true }]),
    ...(name === 'web' ? [error(at(), 'is what serves users: `command` of the service; expected another name')] : []),
    // Service and target are merged: either of them may say it.
    ...('command' in role ? [] : [error(at(), 'has no command; expected a program and its arguments')]),
    ...shellWords((command ?? []).map((word) => word ?? '')).map(({ index, problem }) =>
      warning([...at('command'), index], problem),
    ),
    ...(inPreview === true && handover !== 'overlap'
      ? [error(at('inPreview'), 'runs it on both sides at once; expected false, or handover: overlap')]
      : []),
    ...checkCheck(check, instances ?? 1, (...keys) => at('check', ...keys)),
  ];
}

function checkCheck(
  check: RoleDraft['check'],
  instances: number,
  at: (...keys: readonly string[]) => Path,
): readonly Finding[] {
  if (check === undefined) return [];
  const { path, ports } = check;
  const byCommand = 'command' in check;
  if (byCommand === 'path' in check) return [error(at(), 'needs either command or path')];
  if (byCommand)
    return 'ports' in check ? [warning(at('ports'), 'is not looked at, since the check is a command')] : [];
  if (path !== undefined && !('ports' in check))
    return [error(at(), 'has no ports; expected `ports` with one for blue and one for green')];
  const tooHigh = (['blue', 'green'] as const).filter((slot) => (ports?.[slot] ?? 0) + instances - 1 > 65_535);
  return tooHigh.map((slot) => error(at('ports', slot), 'is too high: the last instance would get no port'));
}

/** Every port that a role listens on, with its place in the file. */
export function portsOfRoles({
  options,
  saidAt,
}: TargetDraft): readonly { readonly port: number; readonly path: Path }[] {
  return Object.entries(options.processRoles ?? {}).flatMap(([name, role]) =>
    (['blue', 'green'] as const).flatMap((slot) => {
      const first = role?.check && !('command' in role.check) ? role.check.ports?.[slot] : undefined;
      if (first === undefined) return [];
      const path = saidAt('processRoles', name, 'check', 'ports', slot);
      return Array.from({ length: role?.instances ?? 1 }, (_, index) => ({ port: first + index, path }));
    }),
  );
}
