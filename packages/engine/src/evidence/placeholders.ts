// `{{slot}}` in a query, an address or an argument: what is asked is always shown filled in, and a placeholder without a
// value is refused, since a query with an empty label measures something else.

import type { Question, SideFacts } from '../domain/evidence.ts';
import { BlueGreenError } from '../lib/errors.ts';

/** Those that have another value on each side. */
const ofSide = ['slot', 'version', 'digest', 'port', 'instance'] as const;
const known = [...ofSide, 'host', 'service', 'target', 'deployment'] as const;
type Placeholder = (typeof known)[number];

const pattern = /\{\{\s*([^{}]*?)\s*\}\}/g;

/** @throws BlueGreenError `evidence-unreadable` naming the placeholder that is unknown or empty */
export function fillIn(text: string, side: SideFacts, question: Question, asValue: (value: string) => string): string {
  const values = valuesOf(side, question);
  return text.replace(pattern, (_, name: string) => {
    const value = isKnown(name) ? values[name] : undefined;
    if (value === undefined) throw new BlueGreenError('evidence-unreadable', `{{${name}}} is not known`);
    if (value === '') throw new BlueGreenError('evidence-unreadable', `{{${name}}} is empty for ${side.slot}`);
    return asValue(value);
  });
}

function valuesOf(side: SideFacts, question: Question): Readonly<Record<Placeholder, string>> {
  const { slot, version, digest, host, port } = side;
  const { service, target, deployment } = question;
  const instance = `${host.includes(':') ? `[${host}]` : host}:${port}`;
  return { slot, version, digest, host, port: String(port), instance, service, target, deployment };
}

export const unknownPlaceholders = (text: string): readonly string[] => namesIn(text).filter((name) => !isKnown(name));

/** Without one, both sides are asked the same. */
export const namesSide = (text: string): boolean => namesIn(text).some((name) => ofSide.some((each) => each === name));

export const knownPlaceholders: string = known.map((name) => `{{${name}}}`).join(', ');

const namesIn = (text: string): readonly string[] => [...text.matchAll(pattern)].map(([, name = '']) => name);

const isKnown = (name: string): name is Placeholder => known.some((each) => each === name);
