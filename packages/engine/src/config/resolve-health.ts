// The rule of health from the file as written.

import { defaultFields, type defaultOptions } from './defaults.ts';
import type { ServiceOptions } from './schema-options.ts';
import type { HealthSettings } from './settings-health.ts';
import { parseDuration } from './units.ts';

type HealthOptions = (typeof defaultOptions & ServiceOptions)['health'];

export function resolveHealth(health: HealthOptions, inFolder: (path: string) => string): HealthSettings {
  const [program, ...args] = health.command ?? [];
  return {
    type: health.type,
    grpcService: health.grpcService ?? '',
    command: program === undefined ? undefined : { argv: [program, ...args], cwd: inFolder('.') },
    acceptDegraded: health.acceptDegraded,
    path: health.path,
    scheme: health.scheme,
    tls: { ca: health.ca === undefined ? undefined : inFolder(health.ca), insecure: health.insecure },
    headers: Object.fromEntries(Object.entries(health.headers ?? {}).map(([name, value]) => [name, String(value)])),
    statuses: health.statuses.map(rangeOf),
    intervalMs: parseDuration(health.interval),
    timeoutMs: parseDuration(health.timeout),
    failures: health.failures,
    successes: health.successes,
    startupMs: parseDuration(health.startup),
    check: health.check,
    fields: resolveFields(health),
  };
}

function resolveFields(health: HealthOptions): HealthSettings['fields'] {
  const fields: NonNullable<HealthOptions['fields']> = health.fields ?? {
    ...defaultFields,
    okValues: [...defaultFields.okValues],
    degradedValues: [...defaultFields.degradedValues],
  };
  return {
    status: fields.status,
    okValues: (fields.okValues ?? defaultFields.okValues).map(String),
    degradedValues: (fields.degradedValues ?? defaultFields.degradedValues).map(String),
    environment: fields.environment,
    version: fields.version,
    databaseConnected: fields.databaseConnected,
    dependencies: (fields.dependencies ?? []).map((each) => ({ ...each, required: each.required ?? true })),
  };
}

function rangeOf(status: number | string): readonly [number, number] {
  const [from = '', to = from] = String(status).split('-');
  return [Number(from), Number(to)];
}
