// What is generated for the load balancer's own program, as a part of what people approve.

import { createHash } from 'node:crypto';
import type { Target } from '../core.ts';

/** Digests in the text cover its secrets, which may be renewed; all that they cover is in the text, too. */
const digests = /\b[0-9a-f]{12,}\b/gi;

/** A hash of what is generated for the balancer's program, without secrets; undefined where nothing is. */
export function renderedRouting({ balancer }: Pick<Target, 'balancer'>): string | undefined {
  const files = balancer.configuration?.() ?? [];
  if (files.length === 0) return undefined;
  const texts = files.map(({ path, text }) => [path, text.replaceAll(digests, '-digest-')]);
  return createHash('sha256').update(JSON.stringify(texts)).digest('hex').slice(0, 16);
}
