// Processes of a release that are no web servers: a worker, a scheduler. By default they never run on both sides at once.

import { z } from 'zod';
import { parseDuration } from '../../lib/units.ts';
import { defaultHealth, resolveHealth } from '../health/health.ts';
import type { HealthSettings } from '../health/settings.ts';
import { mostInstances } from '../instances/instances.ts';
import {
  choice,
  duration,
  durationOrZero,
  listOf,
  named,
  namePattern,
  plainValue,
  port,
  text,
  urlPath,
  whole,
  yesNo,
} from '../kit/values.ts';
import { variablePattern } from '../process/required-env.ts';

const words = () => listOf(text(), 200).min(1, { error: 'a list of a program and its arguments' });
const count = (expected: string) => whole({ min: 1, max: 1000, expected });

const check = z
  .strictObject({
    command: words()
      .describe(
        'Program and arguments that end with 0 while the role works, run in the folder of this file; never through a shell.',
      )
      .optional(),
    path: urlPath()
      .describe('In place of `command`: asked over HTTP on the ports of the role; 2xx is healthy.')
      .optional(),
    ports: z
      .strictObject({
        blue: port().describe('Of the first instance in blue.'),
        green: port().describe('Of the first instance in green.'),
      })
      .describe(
        'Where `path` is asked, for each slot. The role gets its port in APPLICATION_PORT; further instances get the ports that follow.',
      )
      .optional(),
    timeout: duration().describe('A check without an answer for this long has failed. Default: 2s.').optional(),
    failures: count('a number of failures from 1 to 1000')
      .describe('Failures in a row that make the role unhealthy. Default: 3.')
      .optional(),
    startup: duration().describe('Limit for the role to become healthy. Default: 60s.').optional(),
  })
  .describe('How the role is asked whether it works. Without it, a role is healthy while its processes stay up.');

const role = z
  .strictObject({
    command: words()
      .describe(
        `Program and arguments, run in the folder of the release; never through a shell. \${NAME} is filled in as in the command of the service.`,
      )
      .optional(),
    env: named(plainValue, variablePattern, 'a mapping from variables to values')
      .describe('Variables of this role, in addition to those of the service.')
      .optional(),
    instances: whole({ min: 1, max: mostInstances, expected: `a number of instances from 1 to ${mostInstances}` })
      .describe('How many processes of it run. Default: 1.')
      .optional(),
    stop: z
      .strictObject({
        grace: durationOrZero().describe('Between SIGTERM and SIGKILL; may be hours. Default: grace.').optional(),
      })
      .describe('How it is stopped.')
      .optional(),
    settle: durationOrZero()
      .describe('A process of it that ends within this time has failed to start. Default: 2s.')
      .optional(),
    handover: choice(['stop-then-start', 'overlap'])
      .describe(
        'stop-then-start: never on both sides at once, the old ones end before the new ones begin. overlap: the new ones start first. Default: stop-then-start.',
      )
      .optional(),
    inPreview: yesNo()
      .describe('Whether it also runs on a new side before that is live; needs handover: overlap. Default: false.')
      .optional(),
    check: check.optional(),
  })
  .describe('One kind of process.');

export const processRoles = named(role, namePattern, 'a mapping from names to process roles').describe(
  'Processes of the release that are no web servers, by name: worker, scheduler (docs/roles.md). {} has none, and still gives the service LIVE_FILE.',
);

export type ProcessRolesFile = z.infer<typeof processRoles>;

export interface ProcessRoleSettings {
  readonly name: string;
  readonly command: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly instances: number;
  /** Between SIGTERM and SIGKILL. */
  readonly graceMs: number;
  readonly settleMs: number;
  readonly handover: 'stop-then-start' | 'overlap';
  readonly inPreview: boolean;
  /** Undefined: it is healthy while it stays up. */
  readonly check: RoleCheck | undefined;
}

export interface RoleCheck {
  readonly rule: HealthSettings;
  /** Of the first instance; undefined: it is asked by a command. */
  readonly ports: { readonly blue: number; readonly green: number } | undefined;
}

const defaultSettle = '2s';

/** Absent where the file has none, so that the digest of such a file stays what it was. */
export function resolveProcessRoles(
  file: ProcessRolesFile | undefined,
  { grace, inFolder }: { readonly grace: string; readonly inFolder: (path: string) => string },
): { readonly processRoles?: readonly ProcessRoleSettings[] } {
  if (file === undefined) return {};
  const roles = Object.entries(file).map(([name, given]): ProcessRoleSettings => {
    const { command = [], env = {}, instances = 1, stop, settle = defaultSettle } = given;
    return {
      name,
      command,
      env: Object.fromEntries(Object.entries(env).map(([variable, value]) => [variable, String(value)])),
      instances,
      graceMs: parseDuration(stop?.grace ?? grace),
      settleMs: parseDuration(settle),
      handover: given.handover ?? 'stop-then-start',
      inPreview: given.inPreview ?? false,
      check: given.check && resolveCheck(given.check, inFolder),
    };
  });
  return { processRoles: roles };
}

function resolveCheck({ ports, path, ...asked }: z.infer<typeof check>, inFolder: (path: string) => string): RoleCheck {
  const type = asked.command ? ('command' as const) : ('http' as const);
  const given = Object.fromEntries(Object.entries(asked).filter(([, value]) => value !== undefined));
  const how = {
    ...defaultHealth,
    ...given,
    ...(path === undefined ? {} : { path }),
    type,
    check: 'status-code' as const,
  };
  return { rule: resolveHealth(how, inFolder), ports: type === 'http' ? ports : undefined };
}
