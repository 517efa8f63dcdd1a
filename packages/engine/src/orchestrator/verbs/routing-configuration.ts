// What was generated for a balancer's program, to be read, and tested before it is in force.

import type { RoutingConfiguration } from '../../api/views.ts';
import { ok, type Result } from '../../domain/refusal.ts';
import type { TargetRef } from '../../domain/target.ts';
import { messageOf } from '../../lib/errors.ts';
import type { Core, Target } from '../core.ts';
import { findTarget } from '../gates/facts.ts';

export async function routingConfiguration(
  core: Core,
  ref: TargetRef,
  isTested: boolean,
): Promise<Result<RoutingConfiguration>> {
  const found = findTarget(core, ref);
  if (!found.ok) return found;
  const { name, settings, balancer } = found.value;
  const test = isTested ? await testOf(balancer) : undefined;
  return ok({ target: name, driver: settings.balancer.driver, files: balancer.configuration?.() ?? [], test });
}

async function testOf(balancer: Target['balancer']): Promise<RoutingConfiguration['test']> {
  if (balancer.testConfiguration === undefined) return undefined;
  try {
    await balancer.testConfiguration();
    return { passed: true };
  } catch (thrown) {
    return { passed: false, problem: messageOf(thrown) };
  }
}
