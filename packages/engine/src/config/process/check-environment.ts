// What the environment of a target cannot do of what the file says.

import { type Drivers, driverNamed, ownOf } from '../drivers.ts';
import { error, type Finding } from '../kit/problems.ts';
import type { TargetDraft } from '../target-draft.ts';

export function checkEnvironment(target: TargetDraft, drivers: Drivers['environments']): readonly Finding[] {
  const { own, path } = target;
  const { environment } = own;
  const name = environment && 'driver' in environment ? environment.driver : drivers[0].name;
  const driver = driverNamed(drivers, name);
  if (!driver) return [];
  const its = ownOf(environment, driver.name) as Parameters<NonNullable<typeof driver.check>>[0];
  return [...checkAbilities(target, driver), ...(driver.check?.(its, [...path, 'environment']) ?? [])];
}

function checkAbilities(
  { own, path, saidAt, isSaid }: TargetDraft,
  { name, can }: Drivers['environments'][number],
): readonly Finding[] {
  const accounts = (['user', 'group'] as const).flatMap((key) => [
    ...(isSaid(key) ? [saidAt(key)] : []),
    ...(['blue', 'green'] as const).flatMap((slot) =>
      own.slots?.[slot] && key in own.slots[slot] ? [[...path, 'slots', slot, key]] : [],
    ),
  ]);
  return [
    ...(can.accounts ? [] : accounts.map((at) => error(at, `${name} runs no side under an account of its own`))),
    ...(can.quota || !isSaid('quota') ? [] : [error(saidAt('quota'), `${name} limits no side`)]),
  ];
}
