// The engine with the drivers that there are.

import type { Engine } from '../api/engine.ts';
import { drivers } from './drivers.ts';
import { type CompositionOptions, composeEngine } from './engine.ts';

export type EngineOptions = Omit<CompositionOptions, 'drivers'>;

/** @throws BlueGreenError `state-newer`, `state-corrupt`, `state-locked`, `state-unsafe`, `config-changed` */
export const openEngine = (options: EngineOptions): Engine => composeEngine({ drivers, ...options });
