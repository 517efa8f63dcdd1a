// The facts of a target where no gate refuses anything: one place to add the fact of a new gate.

import type { Actor } from '../../../domain/actor.ts';
import type { GateFacts } from '../gates.ts';

const alice: Actor = { kind: 'person', id: 'alice', door: 'cli' };

export const noon = Date.parse('2026-03-01T12:00:00Z');

export const openFacts: GateFacts = {
  now: noon,
  name: 'shop',
  actor: alice,
  live: undefined,
  lock: undefined,
  version: 'v2.1',
  active: { slot: 'blue', version: 'v1.0', digest: 'a'.repeat(64), condition: 'healthy' },
  digest: undefined,
  releaseExists: true,
  isAwaited: false,
  nearestRelease: undefined,
  quarantine: undefined,
  redeploy: false,
  unknownState: undefined,
  otherDriver: undefined,
  contracting: undefined,
  drift: undefined,
  rules: { roles: undefined, approval: {} as never },
  suspension: undefined,
  addressTaken: undefined,
  frozen: undefined,
  freezeOverride: undefined,
};
