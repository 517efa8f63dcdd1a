// A parsed delivery, read by the reader of its hook; every rule of that hook is asked about it. Pure.

import type { ParsedDelivery, RuleCondition } from '../api/builds.ts';
import type { BuildRule } from '../config/builds/settings.ts';
import type { Build } from '../domain/build.ts';
import type { HostEvent } from './host-event.ts';
import { readerOf } from './hosts/hosts.ts';
import { makeBuild } from './make.ts';
import { conclusionOf, conditionsOf } from './match.ts';

export interface Reading {
  /** Undefined for what is no build, and for what cannot be read. */
  readonly event: HostEvent | undefined;
  /** Why it cannot be read. */
  readonly problem: string | undefined;
  readonly rules: readonly RuleReading[];
}

export interface RuleReading {
  readonly rule: BuildRule;
  readonly conditions: readonly RuleCondition[];
  readonly takes: boolean;
  readonly build: Build | undefined;
  readonly problem: string | undefined;
}

export function readDelivery(rules: readonly BuildRule[], { hook, kind = '', document }: ParsedDelivery): Reading {
  const reader = readerOf(hook);
  if (!reader) return unreadable(`nothing is known of a hook "${hook.slice(0, 40)}"`);
  const event = reader.read(kind, document);
  if (typeof event === 'string') return unreadable(event);
  if (event === undefined) return { event, problem: undefined, rules: [] };
  const ofHost = rules.filter(({ host }) => host === hook);
  return { event, problem: undefined, rules: askRules(ofHost, event) };
}

/** Of each service, the first rule that fits takes the build. */
function askRules(rules: readonly BuildRule[], event: HostEvent): readonly RuleReading[] {
  const taken = new Set<string>();
  return rules.map((rule) => {
    const conditions = conditionsOf(rule, event);
    const conclusion = conclusionOf(rule, event);
    const takes = !taken.has(rule.service) && conditions.every(({ holds }) => holds);
    if (!takes || conclusion === undefined)
      return { rule, conditions, takes: false, build: undefined, problem: undefined };
    taken.add(rule.service);
    const made = makeBuild(rule, event, conclusion);
    return {
      rule,
      conditions,
      takes,
      build: made.ok ? made.value : undefined,
      problem: made.ok ? undefined : made.problem,
    };
  });
}

const unreadable = (problem: string): Reading => ({ event: undefined, problem, rules: [] });
