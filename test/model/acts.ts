// What people, time and bad luck do in the model test, as data: fast-check draws them, and prints them when they fail.

import fc from 'fast-check';
import { versions } from './configuration.ts';
import { type ActorName, actors } from './people.ts';

export type On = 'live' | 'last';

interface Click {
  readonly actor: ActorName;
  readonly on: On;
  /** The card is from before the last change. */
  readonly isStale: boolean;
}

export type Act =
  | {
      readonly kind: 'deploy';
      readonly actor: ActorName;
      readonly version: string;
      readonly hold: boolean;
      readonly redeploy: boolean;
      readonly override: boolean;
      readonly reason: boolean;
      /** In so many minutes; 0: now. */
      readonly inMinutes: number;
    }
  | { readonly kind: 'rollback'; readonly actor: ActorName; readonly version?: string; readonly from?: string }
  | { readonly kind: 'switch'; readonly actor: ActorName; readonly to?: Slot; readonly from?: Slot }
  | ({ readonly kind: 'approve' | 'reject' | 'extend' | 'pause' | 'resume' | 'abort' } & Click)
  | ({ readonly kind: 'promote'; readonly full: boolean } & Click)
  | { readonly kind: 'continue'; readonly actor: ActorName }
  | { readonly kind: 'lock'; readonly actor: ActorName; readonly minutes: number }
  | { readonly kind: 'unlock'; readonly actor: ActorName; readonly of?: ActorName }
  | { readonly kind: 'suspend' | 'unsuspend'; readonly actor: ActorName }
  | { readonly kind: 'clear'; readonly actor: ActorName; readonly version: string }
  | { readonly kind: 'cancel' | 'first'; readonly actor: ActorName; readonly at: number }
  | { readonly kind: 'restore' | 'adopt'; readonly actor: ActorName }
  | { readonly kind: 'keep-failed' | 'restore-failed' | 'stop-standby'; readonly actor: ActorName }
  | { readonly kind: 'pass'; readonly seconds: number }
  | { readonly kind: 'clock'; readonly minutes: number }
  | { readonly kind: 'die'; readonly at: number; readonly how: 'now' | 'before' | 'after' | 'call' }
  | { readonly kind: 'fault'; readonly what: Fault; readonly version: string }
  | { readonly kind: 'crash' | 'sicken'; readonly side: 'live' | 'other' }
  | { readonly kind: 'drift' }
  | { readonly kind: 'kill-balancer' };

export const faultNames = ['start', 'unhealthy', 'cut', 'smoke', 'ends', 'errors', 'balancer'] as const;
export type Fault = (typeof faultNames)[number] | 'none';
type Slot = 'blue' | 'green';

const anyone = fc.constantFrom<ActorName>('alice', 'bob', 'alice', 'bob', 'carol', ...actors);
const approver = fc.constantFrom<ActorName>('bob', 'carol', 'bob', 'carol', 'alice', 'dave', 'eve');
const version = fc.constantFrom<string>(...versions);
const on = fc.constantFrom<On>('live', 'live', 'live', 'last');
const rarely = (arbitrary: fc.Arbitrary<string>) => fc.option(arbitrary, { freq: 3, nil: undefined });
const seldom = fc.constantFrom(false, false, false, false, false, false, true);
const slot = fc.option(fc.constantFrom<Slot>('blue', 'green'), { freq: 2, nil: undefined });
const click = { actor: anyone, on, isStale: seldom };

const made = <Kind extends Act['kind']>(kind: Kind, parts: Readonly<Record<string, fc.Arbitrary<unknown>>>) =>
  fc.record({ kind: fc.constant(kind), ...parts }) as unknown as fc.Arbitrary<Act>;

const weighted: readonly (readonly [number, fc.Arbitrary<Act>])[] = [
  [
    16,
    made('deploy', {
      actor: fc.constantFrom<ActorName>('alice', 'bob', 'alice', 'bob', 'ci', 'carol', 'dave', 'eve'),
      version: fc.constantFrom<string>(...versions, ...versions, 'v9'),
      hold: seldom,
      redeploy: seldom,
      override: seldom,
      reason: fc.boolean(),
      inMinutes: fc.constantFrom(0, 0, 0, 0, 0, 0, 0, 1, 90, 200),
    }),
  ],
  [6, made('rollback', { actor: anyone, version: rarely(version), from: rarely(version) })],
  [3, made('switch', { actor: anyone, to: slot, from: slot })],
  [8, made('approve', { ...click, actor: approver })],
  [2, made('reject', { ...click, actor: approver })],
  [2, made('extend', { ...click, actor: approver })],
  [5, made('promote', { ...click, actor: approver, full: fc.boolean() })],
  [2, made('pause', click)],
  [2, made('resume', click)],
  [3, made('abort', click)],
  [2, made('continue', { actor: anyone })],
  [2, made('lock', { actor: anyone, minutes: fc.constantFrom(1, 30, 600) })],
  [2, made('unlock', { actor: anyone, of: fc.option(fc.constantFrom(...actors), { nil: undefined }) })],
  [1, made('suspend', { actor: anyone })],
  [1, made('unsuspend', { actor: anyone })],
  [2, made('clear', { actor: approver, version })],
  [2, made('cancel', { actor: anyone, at: fc.nat(3) })],
  [2, made('first', { actor: anyone, at: fc.nat(3) })],
  [1, made('restore', { actor: approver })],
  [1, made('adopt', { actor: approver })],
  [1, made('keep-failed', { actor: anyone })],
  [1, made('restore-failed', { actor: anyone })],
  [1, made('stop-standby', { actor: anyone })],
  [20, made('pass', { seconds: fc.constantFrom(2, 2, 4, 4, 6, 6, 10, 10, 620, 1_850, 3 * 3_600, 11 * 3_600) })],
  [1, made('clock', { minutes: fc.constantFrom(1, 20, 60) })],
  [
    5,
    made('die', {
      at: fc.integer({ min: 1, max: 30 }),
      how: fc.constantFrom('now' as const, 'before' as const, 'after' as const, 'call' as const),
    }),
  ],
  [5, made('fault', { what: fc.constantFrom<Fault>('none', 'none', ...faultNames), version })],
  [2, made('crash', { side: fc.constantFrom('live' as const, 'other' as const) })],
  [2, made('sicken', { side: fc.constantFrom('live' as const, 'other' as const) })],
  [1, made('drift', {})],
  [1, made('kill-balancer', {})],
];

export const anyAct: fc.Arbitrary<Act> = fc.oneof(...weighted.map(([weight, arbitrary]) => ({ weight, arbitrary })));

export const shown = ({ kind, ...rest }: Act): string => {
  const parts = Object.entries(rest).filter(([, value]) => value !== undefined && value !== false);
  return [kind, ...parts.map(([name, value]) => `${name}=${String(value)}`)].join(' ');
};
