// What the environment of a target cannot do of what the file says.

import { driverCannot } from '../../domain/capabilities.ts';
import { type Drivers, ownOf } from '../drivers.ts';
import { portsOfDraft } from '../instances/check.ts';
import { error, type Finding } from '../kit/problems.ts';
import type { TargetDraft } from '../target-draft.ts';
import { driverOf } from './environment.ts';

export function checkEnvironment(target: TargetDraft, drivers: Drivers['environments']): readonly Finding[] {
  const { own, path } = target;
  const driver = driverOf(own, drivers);
  if (!driver) return [];
  const its = ownOf(own.environment, driver.name) as Parameters<NonNullable<typeof driver.check>>[0];
  return [...checkAbilities(target, driver), ...(driver.check?.(its, [...path, 'environment']) ?? [])];
}

function checkAbilities(
  { own, path, options, saidAt, isSaid }: TargetDraft,
  { name, accounts, quota, instances }: Drivers['environments'][number],
): readonly Finding[] {
  const unknownKeys = (['user', 'group'] as const).filter((key) => !accounts?.keys.includes(key));
  const said = unknownKeys.flatMap((key) => [
    ...(isSaid(key) ? [saidAt(key)] : []),
    ...(['blue', 'green'] as const).flatMap((slot) =>
      own.slots?.[slot] && key in own.slots[slot] ? [[...path, 'slots', slot, key]] : [],
    ),
  ]);
  return [...said.map((at) => error(at, driverCannot(name, 'accounts'))), ...checkQuota(), ...checkInstances()];

  function checkInstances(): readonly Finding[] {
    return (['blue', 'green'] as const).flatMap((slot) => {
      const count = portsOfDraft(own.slots?.[slot], options).length;
      if (count <= (instances?.most ?? 1)) return [];
      const what = instances
        ? `${name} runs at most ${instances.most} instances in a slot`
        : driverCannot(name, 'instances');
      return [error([...path, 'slots', slot], what)];
    });
  }

  function checkQuota(): readonly Finding[] {
    if (!isSaid('quota')) return [];
    if (!quota) return [error(saidAt('quota'), driverCannot(name, 'quota'))];
    const limits = (['memory', 'cpu', 'pids'] as const).filter((key) => options.quota && key in options.quota);
    return limits
      .filter((key) => !quota.limits.includes(key))
      .map((key) => error([...saidAt('quota'), key], `${name} limits ${quota.limits.join(', ')} only`));
  }
}
