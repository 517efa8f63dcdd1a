// What code hosts really send, from the receiver's fixtures, and ways to change it.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { BuildRuleFile } from '../../config/builds/builds.ts';
import { resolveBuilds } from '../../config/builds/builds.ts';
import type { BuildRule } from '../../config/builds/settings.ts';
import { readJsonObject } from '../../lib/json-object.ts';
import { type Reading, readDelivery } from '../read.ts';

const folder = join(import.meta.dirname, '../../../../../apps/webhook/src/testing/payloads');

export type Json = Record<string, unknown>;

/** `change` may change the payload in any way. */
export function payload(hook: string, name: string, change: (body: never) => void = () => undefined): Buffer {
  const body = JSON.parse(readFileSync(join(folder, hook, `${name}.json`), 'utf8')) as never;
  change(body);
  return Buffer.from(JSON.stringify(body));
}

/** The body parsed as the receiver does it, and read by the rules. */
export function readPayload(
  rules: readonly BuildRule[],
  { hook, kind = '', body }: { readonly hook: string; readonly kind?: string; readonly body: Buffer },
): Reading {
  const parsed = readJsonObject(body);
  if (!parsed.ok) return { event: undefined, problem: parsed.problem, rules: [] };
  return readDelivery(rules, { hook, kind, document: parsed.value });
}

export const documentOf = (body: Buffer): unknown => JSON.parse(body.toString('utf8'));

export const bodyOf = (body: unknown): Buffer => Buffer.from(JSON.stringify(body));

/** As the configuration of a service `shop` with the targets production and staging gives them. */
export function rulesOf(...builds: readonly BuildRuleFile[]): readonly BuildRule[] {
  return resolveBuilds({ shop: { builds, targets: { production: {}, staging: {} } } });
}
