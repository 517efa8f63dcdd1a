// The plan as the documents describe it.

import type { Deployment, Model } from './model.ts';

const prepare = ['expand-schema', 'start-preview', 'check-health', 'smoke-test', 'prove-preview'];

/** Whether a way back is warm depends on what stands in the other slot: `actual` says it, and the rest must follow. */
export function expectedSteps(
  { rules, active }: Model,
  { mode, hold, from }: Deployment,
  actual: readonly string[],
): readonly string[] {
  if (mode === 'switch') return ['promote', 'verify-live'];
  if (mode === 'rollback') {
    const isWarm = actual[0] === 'ready-standby';
    return [...(isWarm ? ['ready-standby'] : prepare), 'promote', 'verify-live'];
  }
  const canary = rules.hasCanary && (from ?? active) !== undefined ? ['shift-traffic', 'watch'] : [];
  const asks = canary.length > 0 && rules.needed > 0 ? ['await-approval'] : [];
  return [...prepare, ...(hold ? ['hold'] : []), ...canary, ...asks, 'promote', 'verify-live', 'bake'];
}
