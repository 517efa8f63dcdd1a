// The rollback drill on real nginx and HAProxy, under requests.

import { it } from 'vitest';
import { expectDrills } from './support/drilled.ts';
import { onStage } from './support/stage.ts';

const target = '        canary: []\n        bake: 1s\n';

it.each(['nginx', 'haproxy'] as const)(
  'a drill proves the way back on %s and moves no user',
  { timeout: 180_000 },
  (balancer) => onStage({ target, balancer }, expectDrills),
);
