// The rollback drill on the embedded balancer, with real processes: drill.hostile.ts has the other balancers.

import { it } from 'vitest';
import { expectDrills } from './support/drilled.ts';
import { onStage } from './support/stage.ts';

const target = '        canary: []\n        bake: 1s\n';

it('a drill proves the way back on the embedded balancer and moves no user', { timeout: 120_000 }, () =>
  onStage({ target }, expectDrills),
);
