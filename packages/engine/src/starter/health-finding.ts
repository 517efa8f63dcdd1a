// What an answer of a service says about how its health can be checked. Pure.

import { defaultFields } from '../config/health/health.ts';
import { isAmong } from '../environment/json-path.ts';

export interface HealthAnswer {
  readonly path: string;
  readonly status: number;
  readonly body: string;
  /** What the service was started as. */
  readonly expected: { readonly slot: string; readonly version: string };
}

export interface HealthFinding {
  readonly path: string;
  /** `release`: the answer names the version that runs, so a proof is possible. `answer`: it only shows that it answers. */
  readonly proves: 'release' | 'answer';
  /** What differs from the defaults of the key `health`. */
  readonly settings: {
    readonly check?: 'status-code';
    readonly fields?: Readonly<Record<string, string | readonly string[]>>;
  };
}

/** Names that services use for the same thing, this system's own first. */
const names = {
  status: ['status', 'health', 'state'],
  version: ['version', 'app_version', 'appVersion', 'build.version', 'info.version'],
  environment: ['environment', 'color', 'colour', 'slot'],
  databaseConnected: ['database_connected', 'database', 'db'],
} as const;
/** Fields that a file names are all that is checked: so it is all that were found, or none where the defaults fit. */
export function healthFinding({ path, body, expected }: HealthAnswer): HealthFinding {
  const json = objectIn(body);
  const status = json && placeOf(json, names.status, (value) => typeof value === 'string');
  if (json === undefined || status === undefined) return { path, proves: 'answer', settings: { check: 'status-code' } };
  const found = {
    status,
    version: placeOf(json, names.version, (value) => value === expected.version),
    environment: placeOf(json, names.environment, (value) => value === expected.slot),
    databaseConnected: placeOf(json, names.databaseConnected, (value) => value === true),
  };
  const value = String(at(json, status));
  const proves = found.version === undefined ? 'answer' : 'release';
  const fitsDefaults =
    isAmong(defaultFields.okValues, value) &&
    Object.entries(found).every(([key, place]) => place === defaultFields[key as keyof typeof found]);
  if (fitsDefaults) return { path, proves, settings: {} };
  const fields = Object.fromEntries(
    Object.entries(found).filter((each): each is [string, string] => each[1] !== undefined),
  );
  return { path, proves, settings: { fields: { ...fields, okValues: [value] } } };
}

function objectIn(body: string): object | undefined {
  try {
    const json: unknown = JSON.parse(body);
    return typeof json === 'object' && json !== null && !Array.isArray(json) ? json : undefined;
  } catch {
    return undefined;
  }
}

const placeOf = (json: object, places: readonly string[], fits: (value: unknown) => boolean): string | undefined =>
  places.find((place) => fits(at(json, place)));

const at = (json: object, place: string): unknown =>
  place.split('.').reduce<unknown>((value, key) => (value as Record<string, unknown> | undefined)?.[key], json);
