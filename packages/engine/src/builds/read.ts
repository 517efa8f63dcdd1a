// A delivery as it came, read by the reader of its hook, and every rule of that hook asked about it. Pure.

import type { GivenDelivery, RuleCondition } from '../api/builds.ts';
import type { BuildRule } from '../config/builds/settings.ts';
import type { Build } from '../domain/build.ts';
import type { HostEvent } from './host-event.ts';
import { readCdevents } from './hosts/cdevents.ts';
import { readGeneric } from './hosts/generic.ts';
import { readGithub } from './hosts/github.ts';
import { readGitlab } from './hosts/gitlab.ts';
import { makeBuild } from './make.ts';
import { conclusionOf, conditionsOf } from './match.ts';

export interface Reading {
  /** Undefined for what is no build, or cannot be read. */
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

type Reader = (kind: string, body: unknown) => HostEvent | string | undefined;

const readers: Readonly<Record<string, Reader>> = {
  github: readGithub,
  gitlab: readGitlab,
  cdevents: readCdevents,
  generic: readGeneric,
};

export function readDelivery(rules: readonly BuildRule[], { hook, kind = '', body }: GivenDelivery): Reading {
  const reader = Object.hasOwn(readers, hook) ? readers[hook] : undefined;
  if (!reader) return unreadable(`nothing is known of a hook "${hook.slice(0, 40)}"`);
  const document = parse(body);
  if (document === undefined) return unreadable('the body is not JSON');
  const event = reader(kind, document);
  if (typeof event === 'string') return unreadable(event);
  if (event === undefined) return { event, problem: undefined, rules: [] };
  return {
    event,
    problem: undefined,
    rules: askRules(
      rules.filter(({ host }) => host === hook),
      event,
    ),
  };
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

/** JSON has no `undefined`: it stands for what cannot be read. Bytes that are no UTF-8 are not guessed at. */
function parse(body: Buffer): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body));
  } catch {
    return undefined;
  }
}
