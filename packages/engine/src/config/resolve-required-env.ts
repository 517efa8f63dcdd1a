import type { ServiceOptions } from './schema-options.ts';
import type { VariableFormat } from './settings.ts';

export interface RequiredEnv {
  readonly requiredEnv: readonly string[];
  readonly envFormats: readonly VariableFormat[];
}

export function resolveRequiredEnv(listed: NonNullable<ServiceOptions['requiredEnv']>): RequiredEnv {
  return {
    requiredEnv: listed.map((each) => (typeof each === 'string' ? each : each.name)),
    envFormats: listed.flatMap((each) =>
      typeof each === 'string'
        ? []
        : [{ name: each.name, format: each.format ?? 'text', reachable: each.reachable ?? false }],
    ),
  };
}
