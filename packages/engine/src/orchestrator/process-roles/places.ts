// Where the processes of a role run and how they are started: as what serves users beside them, with what the role says
// differently.

import type { ProcessRoleSettings } from '../../config/process-roles/process-roles.ts';
import type { SlotName } from '../../domain/target.ts';
import type { LaunchSettings, ReleaseFiles, SlotPlace } from '../../environment/environment.ts';
import { placeOn } from '../../environment/instances.ts';
import type { ProcessRoles } from '../../environment/process-roles.ts';
import type { Target, TargetContext } from '../core.ts';
import { launchSettings, type StartKind } from '../plan/release-settings.ts';

/** A release in a slot, with its roles. */
export interface Side {
  readonly slot: SlotName;
  readonly release: ReleaseFiles;
}

/** Roles of a side that are to run. */
export interface Kept {
  readonly side: Side;
  readonly which: 'all' | 'in-preview';
}

export interface Keeper extends TargetContext {
  readonly signal: AbortSignal;
}

/** One change of the roles of a target at a time in this process. */
export const rolesMutex = ({ name }: Target): string => `roles ${name}`;

export const rolesOf = ({ settings }: Target): readonly ProcessRoleSettings[] => settings.processRoles ?? [];

/** Undefined where the environment runs none. */
export const abilityOf = ({ environment }: Target): ProcessRoles | undefined => environment.processRoles;

/** Of a role that is configured. */
export function placeOfRole(
  { key }: Target,
  slot: SlotName,
  { name, instances, check }: ProcessRoleSettings,
): SlotPlace {
  const first = check?.ports?.[slot];
  const ports = Array.from({ length: instances }, (_, index) => (first === undefined ? 0 : first + index));
  return placeOn({ ...key, slot, role: name, port: 0 }, ports);
}

/** Of a role that was started, whether the configuration still has it or not. */
export function placeOfStarted(target: Target, slot: SlotName, name: string): SlotPlace {
  const configured = rolesOf(target).find((role) => role.name === name);
  return configured ? placeOfRole(target, slot, configured) : { ...target.key, slot, role: name, port: 0 };
}

/** @throws BlueGreenError `release-invalid` */
export function launchOfRole(
  target: Target,
  { slot, release }: Side,
  { role, kind }: { readonly role: ProcessRoleSettings; readonly kind: StartKind },
): LaunchSettings {
  const { health: _, ...base } = launchSettings(target, slot, release, kind);
  const { command, env, graceMs, settleMs } = role;
  return { ...base, command, env: { ...base.env, ...env }, graceMs, settleMs };
}

/** Whatever runs, without a lease: for the end of everything. */
export const stopEveryRole = (target: Target, slot: SlotName): readonly Promise<void>[] =>
  (target.environment.processRoles?.recorded({ ...target.key, slot }) ?? []).map((role) =>
    target.environment.stop(placeOfStarted(target, slot, role), graceOf(target, role)),
  );

/** What is stopped first has the time that its role gives it; a role that is no longer configured, that of the service. */
export const graceOf = (target: Target, name: string): number =>
  rolesOf(target).find((role) => role.name === name)?.graceMs ?? target.settings.graceMs;

/** A role that is no longer configured is none that may run on both sides. */
export const mayOverlap = (target: Target, name: string): boolean =>
  rolesOf(target).find((role) => role.name === name)?.handover === 'overlap';

/** `worker and scheduler`. */
export function namesOf(names: readonly string[]): string {
  return names.length < 2 ? (names[0] ?? 'no process role') : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;
}
