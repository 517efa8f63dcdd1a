// The secrets of the hooks, from the environment: several with commas between them while one is replaced. Errors name
// the hook and the number of the secret, and never contain the secret.

import type { CdeventsSecrets } from './hooks/cdevents.ts';
import type { GitlabSecrets } from './hooks/gitlab.ts';
import type { MonitoringSecrets } from './hooks/monitoring/hooks.ts';
import { leastSecretBytes, signingKey } from './hooks/standard.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/** Per hook; one without a secret is not served. */
export interface HookSecrets {
  readonly generic: readonly Buffer[];
  readonly github: readonly string[];
  readonly gitlab: GitlabSecrets;
  readonly bitbucket: readonly string[];
  readonly cdevents: CdeventsSecrets;
  readonly monitoring: MonitoringSecrets;
}

/** A text that a person chooses: a shorter one can be guessed in time. */
const leastTextLength = 16;

/** Of the callers under `monitoring` in the configuration, which is read later. */
const ofMonitoring = /^MONITORING_[A-Z0-9_]{1,40}_SECRET$/;

const expectations = {
  key: `expected whsec_ and at least ${leastSecretBytes} bytes in base64`,
  text: `expected at least ${leastTextLength} printable characters without blanks`,
  either: `expected at least ${leastTextLength} printable characters without blanks, or whsec_ and a key in base64`,
} as const;

const variables = {
  WEBHOOK_SECRET: 'key',
  GITHUB_WEBHOOK_SECRET: 'text',
  GITLAB_SIGNING_TOKEN: 'key',
  GITLAB_WEBHOOK_TOKEN: 'text',
  BITBUCKET_WEBHOOK_SECRET: 'text',
  CDEVENTS_SECRET: 'key',
  CDEVENTS_TOKEN: 'text',
} as const;

type Variable = keyof typeof variables;
type Secrets = { readonly secrets: HookSecrets } | { readonly problems: readonly string[] };

export function readSecrets(environment: Environment): Secrets {
  const names = Object.keys(variables) as Variable[];
  const monitoring = Object.fromEntries(
    Object.entries(environment)
      .filter(([name]) => ofMonitoring.test(name))
      .map(([name, value]) => [name, listOf(value)] as const)
      .filter(([, secrets]) => secrets.length > 0),
  );
  const problems = [
    ...names.flatMap((name) => misfits(name, variables[name], listOf(environment[name]))),
    ...Object.entries(monitoring).flatMap(([name, secrets]) => misfits(name, 'either', secrets)),
  ];
  if (problems.length > 0) return { problems };
  if ([...names.map((name) => listOf(environment[name])), ...Object.values(monitoring)].every(isEmpty))
    return {
      problems: [
        `WEBHOOK_SECRET is not set: a secret of the form whsec_<base64>, or several with commas between them; or that of another hook: ${names.slice(1).join(', ')}`,
      ],
    };
  const texts = (name: Variable) => listOf(environment[name]);
  const keys = (name: Variable) => texts(name).flatMap((secret) => signingKey(secret) ?? []);
  return {
    secrets: {
      generic: keys('WEBHOOK_SECRET'),
      github: texts('GITHUB_WEBHOOK_SECRET'),
      gitlab: { tokens: texts('GITLAB_WEBHOOK_TOKEN'), keys: keys('GITLAB_SIGNING_TOKEN') },
      bitbucket: texts('BITBUCKET_WEBHOOK_SECRET'),
      cdevents: { keys: keys('CDEVENTS_SECRET'), tokens: texts('CDEVENTS_TOKEN') },
      monitoring,
    },
  };
}

function listOf(value: string | undefined): readonly string[] {
  return (value ?? '')
    .split(',')
    .map((secret) => secret.trim())
    .filter((secret) => secret !== '');
}

const isEmpty = (secrets: readonly string[]): boolean => secrets.length === 0;

function misfits(name: string, form: keyof typeof expectations, secrets: readonly string[]): readonly string[] {
  const fits = {
    key: (secret: string) => signingKey(secret) !== undefined,
    text: isLongText,
    either: (secret: string) => (secret.startsWith('whsec_') ? signingKey(secret) !== undefined : isLongText(secret)),
  }[form];
  return secrets.flatMap((secret, index) =>
    fits(secret) ? [] : [`${name}, number ${index + 1}: ${expectations[form]}`],
  );
}

function isLongText(secret: string): boolean {
  return secret.length >= leastTextLength && /^[!-~]+$/.test(secret);
}
