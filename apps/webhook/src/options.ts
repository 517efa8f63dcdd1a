// What the process is told by its environment, checked at once: every problem in one error, and never a secret in it.

import { Webhook } from 'standardwebhooks';

export interface ReceiverOptions {
  readonly host: string;
  readonly port: number;
  readonly config: string;
  readonly logLevel: string;
  readonly secrets: readonly string[];
}

export type Environment = Readonly<Record<string, string | undefined>>;

/** Standard Webhooks asks for 24 to 64 bytes. */
const leastSecretBytes = 24;

export function readOptions(environment: Environment): ReceiverOptions | { readonly problems: readonly string[] } {
  const secrets = (environment.WEBHOOK_SECRET ?? '')
    .split(',')
    .map((secret) => secret.trim())
    .filter((secret) => secret !== '');
  const port = Number(environment.PORT || 3001);
  const problems = [...secretProblems(secrets), ...portProblems(port)];
  if (problems.length > 0) return { problems };
  return {
    host: environment.HOST ?? '127.0.0.1',
    port,
    config: environment.BLUEGREEN_CONFIG ?? 'bluegreen.yaml',
    logLevel: environment.LOG_LEVEL ?? 'info',
    secrets,
  };
}

function secretProblems(secrets: readonly string[]): readonly string[] {
  if (secrets.length === 0)
    return ['WEBHOOK_SECRET is not set: a secret of the form whsec_<base64>, or several with commas between them'];
  return secrets.flatMap((secret, index) => {
    if (fits(secret)) return [];
    return [`WEBHOOK_SECRET, number ${index + 1}: expected whsec_ and at least ${leastSecretBytes} bytes in base64`];
  });
}

function fits(secret: string): boolean {
  try {
    new Webhook(secret);
  } catch {
    return false;
  }
  return Buffer.from(secret.replace(/^whsec_/, ''), 'base64').length >= leastSecretBytes;
}

function portProblems(port: number): readonly string[] {
  return Number.isInteger(port) && port >= 0 && port <= 65_535
    ? []
    : ['PORT is not a port: expected a number from 0 to 65535'];
}
