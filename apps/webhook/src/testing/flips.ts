// Deliveries that differ from a signed one in a single bit of the body or of the signature.

import type { Hook } from '../hooks/hook.ts';
import type { Headers } from './signing.ts';

/** Every body and header that differs in one bit. */
export function* flips(body: Buffer, headers: Headers, name: string): Generator<{ body: Buffer; headers: Headers }> {
  for (let bit = 0; bit < body.length * 8; bit += 1) yield { body: flipped(body, bit), headers };
  const value = Buffer.from(headers[name] ?? '', 'latin1');
  for (let bit = 0; bit < value.length * 8; bit += 1)
    yield { body, headers: { ...headers, [name]: flipped(value, bit).toString('latin1') } };
}

function flipped(bytes: Buffer, bit: number): Buffer {
  const copy = Buffer.from(bytes);
  copy[bit >> 3] = (copy[bit >> 3] ?? 0) ^ (1 << (bit & 7));
  return copy;
}

/** How many deliveries with one changed bit a hook takes. */
export function taken(hook: Hook, body: Buffer, headers: Headers): number {
  return [...flips(body, headers, Object.keys(headers).find((name) => name.includes('signature')) ?? '')].filter(
    (one) => hook.verify(one).proved,
  ).length;
}
