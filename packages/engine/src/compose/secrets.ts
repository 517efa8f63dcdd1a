// Every secret that a configuration knows, so that what leaves the machine can be cleaned of them.

import { artifactSecrets } from '../config/artifacts/artifacts.ts';
import { auditSecrets } from '../config/audit/audit.ts';
import { secretsIn } from '../config/notify/settings.ts';
import type { Settings } from '../config/settings.ts';
import { statusSecrets } from '../config/statuses/statuses.ts';
import { webSecrets } from '../config/web/web.ts';
import { readEnvFile } from '../lib/env-file.ts';

const shortestSecret = 4;

/** The longest first: a short one may be a part of a long one. All values of env files are secrets here. */
export function secretsOf(settings: Settings): readonly string[] {
  const { targets } = settings;
  const files = new Set(targets.flatMap(({ slots }) => [...slots.blue.envFiles, ...slots.green.envFiles]));
  const values = [
    ...secretsIn(settings.notify),
    ...statusSecrets(settings.statuses),
    ...auditSecrets(settings.audit),
    ...webSecrets(settings.web),
    ...targets.flatMap(({ artifacts }) => artifactSecrets(artifacts)),
    ...targets.flatMap(({ balancer }) => (balancer.preview ? [balancer.preview.token] : [])),
    ...targets.flatMap(({ env }) =>
      Object.entries(env).flatMap(([name, value]) => (isSecret(name, value) ? [value] : [])),
    ),
    ...[...files].flatMap(valuesIn),
  ];
  const texts = values.flatMap((value) => value.split('\n').map((line) => line.trim()));
  return [...new Set(texts)].filter(isLong).toSorted((one, other) => other.length - one.length);
}

/** What the configuration writes out under `env` is mostly none: `production` must not vanish from every text. */
const isSecret = (name: string, value: string): boolean =>
  value.length >= 16 || /secret|token|passw|pwd|key|credential|auth|url|dsn/i.test(name);

const isLong = (text: string): boolean => text.length >= shortestSecret;

function valuesIn(file: string): readonly string[] {
  try {
    return Object.values(readEnvFile(file).values);
  } catch {
    return [];
  }
}
