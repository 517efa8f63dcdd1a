// What an answer reports about the grade of a side and about its dependencies.

import type { HealthDependency, HealthSettings } from '../config/health/settings.ts';
import type { HealthReport } from './health-report.ts';
import { excerptOf, isAmong, valueAt, wholeAnswer } from './json-path.ts';

/** Of a path, in a sentence. */
export const nameOf = (path: string | undefined): string => (path === wholeAnswer ? 'the answer' : (path ?? ''));

type Fields = HealthSettings['fields'];
type Grade = 'ok' | 'degraded' | 'failed';

/** Why a side that is healthy is degraded. */
export function degradationOf(json: unknown, fields: Fields): string | undefined {
  const status = fields.status === undefined ? undefined : valueAt(json, fields.status);
  const byStatus = among(fields.degradedValues, status) ? [`${nameOf(fields.status)} is ${excerptOf(status)}`] : [];
  const reasons = (fields.dependencies ?? [])
    .filter((dependency) => gradeOf(json, fields, dependency) !== 'ok')
    .map((dependency) => sentenceOf(json, dependency));
  const all = [...byStatus, ...reasons];
  return all.length === 0 ? undefined : all.join('; ');
}

/** The first dependency without which a side is unhealthy. */
export function missingDependency(json: unknown, fields: Fields): string | undefined {
  const missing = (fields.dependencies ?? []).find(
    (dependency) => dependency.required && gradeOf(json, fields, dependency) === 'failed',
  );
  if (!missing) return undefined;
  const expected = [true, ...fields.okValues].map((one) => excerptOf(one)).join(' or ');
  return `${missing.name} is missing: expected ${missing.path} to be ${expected}, got ${excerptOf(valueAt(json, missing.path))}`;
}

export function dependenciesIn(json: unknown, fields: Fields): Pick<HealthReport, 'dependencies'> {
  const { dependencies = [] } = fields;
  if (dependencies.length === 0) return {};
  return { dependencies: Object.fromEntries(dependencies.map((each) => [each.name, gradeOf(json, fields, each)])) };
}

function gradeOf(json: unknown, { okValues, degradedValues }: Fields, { path }: HealthDependency): Grade {
  const value = valueAt(json, path);
  if (value === true || among(okValues, value)) return 'ok';
  return among(degradedValues, value) ? 'degraded' : 'failed';
}

const among = (values: readonly string[] | undefined, value: unknown): boolean =>
  values !== undefined && isAmong(values, value);

const sentenceOf = (json: unknown, { name, path }: HealthDependency): string =>
  `${name} (${path}) is ${excerptOf(valueAt(json, path))}`;
