// A new clone on Debian 12's own Node, where npm links no node for us. All other pairs: `npm run test:fresh`.

import { it } from 'vitest';
import { bothCommandsRun } from '../support/fresh-clone-checks.ts';

it.skipIf(process.platform !== 'linux')(
  'a new clone starts, stops and answers on Node 18 with npm 9',
  () => bothCommandsRun({ node: 18, npm: 9 }),
  600_000,
);
