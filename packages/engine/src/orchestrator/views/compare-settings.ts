// Compares what two sides were started with. Values of variables are stored nowhere, so they are compared by their marks;
// one is shown only where the configuration writes it out and nothing about it looks like a secret.

import type { ComparedVariable, SidesView } from '../../api/sides.ts';
import type { SlotName } from '../../domain/target.ts';
import { differences } from '../../environment/effective.ts';
import type { Effective } from '../../environment/environment.ts';

type Env = Readonly<Record<string, string>>;

export interface StartedSide {
  readonly startedWith: Effective | undefined;
  /** What a start would use now: where a mark is the same, so is the value. */
  readonly now: Effective | undefined;
}

/** Pure. `env`: as the configuration has it now. */
export function compareSettings(
  env: Env,
  blue: StartedSide,
  green: StartedSide,
): Pick<SidesView, 'variables' | 'commandDiffers'> {
  const [one, other] = [blue.startedWith, green.startedWith];
  const names = one && other ? differences(one, other) : undefined;
  if (!one || !other || names === undefined) return { variables: undefined, commandDiffers: undefined };
  return {
    variables: names.map((name) => variableOf(env, name, { blue, green })),
    commandDiffers: one.command !== other.command,
  };
}

function variableOf(env: Env, name: string, sides: Readonly<Record<SlotName, StartedSide>>): ComparedVariable {
  const has = (slot: SlotName) => sides[slot].startedWith?.variables[name] !== undefined;
  const known = (['blue', 'green'] as const).flatMap((slot) => {
    const value = openValue(env, name, sides[slot]);
    return value === undefined ? [] : [[slot, value] as const];
  });
  return {
    name,
    of: has('blue') && has('green') ? 'both' : has('blue') ? 'blue' : 'green',
    values: Object.fromEntries(known),
  };
}

const secretName = /secret|token|passw|pwd|key|credential|auth|cert|salt|dsn|url|uri|connection|cookie|session/i;
const secretValue = /:\/\/|@|[A-Za-z0-9+/_-]{24,}/;

function openValue(env: Env, name: string, { startedWith, now }: StartedSide): string | undefined {
  const value = env[name];
  const started = startedWith?.variables[name];
  if (value === undefined || started === undefined || started.from.length > 0 || value.includes('${')) return undefined;
  if (startedWith?.key !== now?.key || now?.variables[name]?.mark !== started.mark) return undefined;
  return secretName.test(name) || secretValue.test(value) ? undefined : value;
}
