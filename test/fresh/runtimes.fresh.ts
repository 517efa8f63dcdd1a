// `npm run test:fresh`: a new clone on each pair of Node and npm that people have. Some six minutes.

import { it } from 'vitest';
import { pairs } from '../support/fresh-clone.ts';
import { bothCommandsRun } from '../support/fresh-clone-checks.ts';

it.each(pairs)('a new clone starts, stops and answers on Node $node with npm $npm', bothCommandsRun, 600_000);
