// The hooks of the callers that the configuration names, each with its secrets from the environment.

import { type Log, type MonitoringCaller, monitoringVariable } from '@bg/engine';
import type { Hook } from '../hook.ts';
import { signingKey } from '../standard.ts';
import { monitoringHook } from './hook.ts';

/** By variable; each is `whsec_…` or a long text. */
export type MonitoringSecrets = Readonly<Record<string, readonly string[]>>;

/** @throws when a secret is of the wrong kind for its caller; never with the secret */
export function monitoringHooks(
  callers: readonly MonitoringCaller[],
  secrets: MonitoringSecrets,
  log: Log,
): readonly Hook[] {
  const variables = callers.map(({ name }) => monitoringVariable(name));
  for (const variable of Object.keys(secrets).filter((name) => !variables.includes(name)))
    log.warn({ variable }, 'no caller under `monitoring` in the configuration has this secret');
  return callers.flatMap((caller) => {
    const variable = monitoringVariable(caller.name);
    const own = secrets[variable] ?? [];
    if (own.length > 0) return [monitoringHook(caller, secretsFor(caller, variable, own))];
    log.warn({ caller: caller.name, variable }, 'this caller has no secret, its hook is not served');
    return [];
  });
}

function secretsFor({ name, sender }: MonitoringCaller, variable: string, own: readonly string[]) {
  const keys = own.map(signingKey);
  const wrong = keys.findIndex((key) => (key === undefined) === (sender === 'script'));
  if (wrong < 0) return { keys: keys.filter((key) => key !== undefined), tokens: own };
  const expected =
    sender === 'script' ? `${name} signs: expected whsec_ and a key` : `${sender} signs nothing: expected a token`;
  throw new Error(`${variable}, number ${wrong + 1}: ${expected}`);
}
