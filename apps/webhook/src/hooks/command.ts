// A command of the generic hook: {service, target?, version, deploy?, reason?, by?}. A key that is not known is an error,
// since a misspelled `target` would deploy somewhere else.

import { isVersion, type JsonObject } from '@bg/engine';

/** Deploy a version, or say what its deployment would do. */
export interface DeployCommand {
  readonly service: string;
  readonly target: string | undefined;
  readonly version: string;
  /** False: only say what a deployment would do. */
  readonly deploy: boolean;
  readonly reason: string | undefined;
  /** Who asked the sender, in the sender's words; stored as a part of the reason, never taken for a person. */
  readonly by: string | undefined;
}

export type Reading =
  | { readonly ok: true; readonly command: DeployCommand }
  | { readonly ok: false; readonly problem: string };

const namePattern = /^[a-z][a-z0-9-]{0,31}$/;
const maxText = 500;

const fields: Readonly<
  Record<string, { readonly needed: boolean; readonly fits: (value: unknown) => boolean; readonly expected: string }>
> = {
  service: { needed: true, fits: matches(namePattern), expected: 'the name of a service' },
  target: { needed: false, fits: matches(namePattern), expected: 'the name of a target' },
  version: {
    needed: true,
    fits: (value) => typeof value === 'string' && isVersion(value),
    expected: 'a version: letters, digits and . _ + -, at most 64',
  },
  deploy: { needed: false, fits: (value) => typeof value === 'boolean', expected: 'true or false' },
  reason: { needed: false, fits: isShortText, expected: `a text of at most ${maxText} characters` },
  by: { needed: false, fits: isShortText, expected: `a text of at most ${maxText} characters` },
};

export function readCommand(payload: JsonObject): Reading {
  const given = new Map<string, unknown>(Object.entries(payload));
  const problems = [...unknownKeys(given), ...misfits(given)];
  if (problems.length > 0) return { ok: false, problem: problems.join('; ') };
  const text = (key: string): string | undefined => given.get(key) as string | undefined;
  return {
    ok: true,
    command: {
      service: text('service') ?? '',
      target: text('target'),
      version: text('version') ?? '',
      deploy: given.get('deploy') !== false,
      reason: text('reason'),
      by: text('by'),
    },
  };
}

function unknownKeys(given: ReadonlyMap<string, unknown>): readonly string[] {
  const known = Object.keys(fields).join(', ');
  return [...given.keys()]
    .filter((key) => !Object.hasOwn(fields, key))
    .map((key) => `${JSON.stringify(key.slice(0, 40))} is not known here (known: ${known})`);
}

function misfits(given: ReadonlyMap<string, unknown>): readonly string[] {
  return Object.entries(fields).flatMap(([key, { needed, fits, expected }]) => {
    if (!given.has(key)) return needed ? [`"${key}" is missing: expected ${expected}`] : [];
    return fits(given.get(key)) ? [] : [`"${key}" does not fit: expected ${expected}`];
  });
}

function matches(pattern: RegExp): (value: unknown) => boolean {
  return (value) => typeof value === 'string' && pattern.test(value);
}

function isShortText(value: unknown): boolean {
  return typeof value === 'string' && value.length <= maxText;
}
