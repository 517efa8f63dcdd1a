// An engine with the small list of drivers.

import type { Engine } from '../api/engine.ts';
import { type CompositionOptions, composeEngine } from '../compose/engine.ts';
import { smallDrivers } from './small-drivers.ts';

export { loadSettings } from './small-drivers.ts';

export const openEngine = (options: Omit<CompositionOptions, 'drivers'>): Engine =>
  composeEngine({ drivers: smallDrivers, ...options });
