// Which nodes prove a way back, and how it is said that one was not waited for.

import { describe, expect, it } from 'vitest';
import type { ObservedNode } from '../../domain/routing.ts';
import { askedNodes, directionOf, except } from './silent-nodes.ts';

const routing = { generation: 3, active: 'blue', canary: undefined, preview: undefined } as const;
const alive = (node: string): ObservedNode => ({ node, reachable: true, routing });
const dead = (node: string): ObservedNode => ({
  node,
  reachable: false,
  routing: undefined,
  problem: 'connection refused',
});
const addresses = ['http://10.0.0.1:80', 'http://10.0.0.2:80', 'http://10.0.0.3:80'];

describe('a node that does not answer', () => {
  it('is left out of the proof, and named', () => {
    expect(askedNodes(addresses, [alive('a'), dead('b'), alive('c')])).toEqual({
      asked: ['http://10.0.0.1:80', 'http://10.0.0.3:80'],
      leftOut: [{ node: 'b', problem: 'connection refused' }],
    });
  });

  it('is asked all the same when no other is left: with no node asked, nothing is proved', () => {
    expect(askedNodes(addresses, addresses.map(dead))).toEqual({ asked: addresses, leftOut: [] });
  });

  it('is no reason to leave out one that answers and does something else', () => {
    const elsewhere: ObservedNode = { node: 'a', reachable: true, routing: undefined, problem: 'no routing of ours' };
    expect(askedNodes(addresses, [elsewhere, alive('b'), alive('c')])).toEqual({ asked: addresses, leftOut: [] });
  });

  it('is asked when no check was made, as on the way forward', () => {
    expect(askedNodes(addresses, [])).toEqual({ asked: addresses, leftOut: [] });
  });

  it('is reported in one sentence with its reason', () => {
    expect(except([])).toBe('');
    expect(except([{ node: 'b', problem: 'connection refused' }])).toBe(
      '; without b (connection refused): tried again until it answers',
    );
  });
});

it('only a rollback goes back from its first step', () => {
  expect((['deploy', 'redeploy', 'switch', 'rollback'] as const).map((mode) => directionOf({ mode }))).toEqual([
    'forward',
    'forward',
    'forward',
    'back',
  ]);
});
