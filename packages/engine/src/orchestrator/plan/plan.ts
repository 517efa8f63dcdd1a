// The plan: what a deployment will do, as data, built by one function. Read this first.
//
// Blue-green is a canary whose only weight is 100; a rollback to a warm standby is a plan that starts before `promote`.

import { createHash } from 'node:crypto';
import type { Risk } from '../../config/approval/approval.ts';
import type { TargetSettings } from '../../config/settings.ts';
import type { Mode, Plan } from '../../domain/deployment.ts';
import type { BalancerCapabilities } from '../../load-balancer/capabilities.ts';
import type { RegisteredStep } from '../run/steps/registry.ts';

export interface PlanInput {
  readonly mode: Mode;
  readonly settings: TargetSettings;
  /** A step that it has no capability for is left out: see omissions.ts. */
  readonly balancer: Pick<BalancerCapabilities, 'weights' | 'counts' | 'preview'>;
  /** False for the first deployment of a target: no release to compare with, no users to protect. */
  readonly hasActive: boolean;
  /** The release already runs in the slot and is healthy: a standby or a held preview. */
  readonly warm: boolean;
  readonly hold: boolean;
  readonly schema: readonly string[];
  readonly accepted?: readonly string[];
  readonly verdict?: string | undefined;
  /** As the release says. */
  readonly risk?: Risk | undefined;
}

export interface BuiltPlan extends Plan {
  readonly steps: readonly RegisteredStep[];
}

export function buildPlan(input: PlanInput): BuiltPlan {
  const { mode, schema, accepted = [], verdict, risk } = input;
  return {
    mode,
    schema,
    ...(accepted.length > 0 ? { accepted } : {}),
    ...(verdict === undefined ? {} : { verdict }),
    ...(risk === 'high' ? { risk } : {}),
    steps: [...prepare(input), ...shift(input), ...goLive(input)],
  };
}

function prepare({ mode, warm, hold, balancer }: PlanInput): RegisteredStep[] {
  if (warm) return mode === 'rollback' ? [{ name: 'ready-standby' }] : [];
  const steps: RegisteredStep[] = [
    { name: 'expand-schema' },
    { name: 'start-preview' },
    { name: 'check-health' },
    { name: 'smoke-test' },
  ];
  if (balancer.preview) steps.push({ name: 'prove-preview' });
  return hold ? [...steps, { name: 'hold' }] : steps;
}

function shift({ mode, settings, hasActive, balancer, risk }: PlanInput): RegisteredStep[] {
  if (mode === 'rollback' || mode === 'switch') return [];
  const { beforeTraffic, highRisk } = settings.approval;
  const steps = hasActive && balancer.weights ? settings.canary.flatMap(canarySteps) : [];
  const asks = beforeTraffic || (risk === 'high' && highRisk !== undefined && !steps.some(isApproval));
  const before: RegisteredStep[] = asks ? [{ name: 'await-approval', percent: 0 }] : [];
  return [...before, ...steps.filter(({ name }) => balancer.counts || name !== 'watch')];
}

const isApproval = ({ name }: RegisteredStep): boolean => name === 'await-approval';

function canarySteps(
  { percent, watchMs, approval }: TargetSettings['canary'][number],
  index: number,
  all: TargetSettings['canary'],
): RegisteredStep[] {
  const steps: RegisteredStep[] = all[index - 1]?.percent === percent ? [] : [{ name: 'shift-traffic', percent }];
  if (watchMs !== undefined) steps.push({ name: 'watch', percent, watchMs });
  if (approval) steps.push({ name: 'await-approval', percent });
  return steps;
}

function goLive({ mode, settings, hasActive }: PlanInput): RegisteredStep[] {
  const roles = handOver(settings);
  const live: RegisteredStep[] = [{ name: 'promote' }, { name: 'verify-live' }];
  // Back from a bad release, users come first; before that, a role that does not start must cost them nothing.
  const steps = mode === 'rollback' ? [...live, ...roles] : [...roles, ...live];
  if (mode !== 'deploy' && mode !== 'redeploy') return steps;
  const asks: RegisteredStep[] =
    settings.approval.afterPromotion && hasActive ? [{ name: 'await-approval', percent: 100 }] : [];
  return [...steps, { name: 'bake', bakeMs: settings.bakeMs }, ...asks];
}

function handOver({ processRoles }: TargetSettings): RegisteredStep[] {
  if (processRoles === undefined) return [];
  const roles = processRoles.map(({ name }) => name);
  return [{ name: 'hand-over-roles', ...(roles.length > 0 ? { roles } : {}) }];
}

/** Everything that an approval says yes to. When any of it changes, the approval is void. */
export interface PlanFacts {
  readonly plan: Plan;
  readonly digest: string;
  readonly activeDigest: string | undefined;
  readonly configDigest: string;
}

export function planHash({ plan, digest, activeDigest, configDigest }: PlanFacts): string {
  return createHash('sha256')
    .update(JSON.stringify([plan, digest, activeDigest ?? null, configDigest]))
    .digest('hex')
    .slice(0, 16);
}
