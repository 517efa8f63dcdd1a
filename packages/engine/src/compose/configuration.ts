// The configuration with the drivers that there are.

import * as checked from '../config/check.ts';
import { configJsonSchema as jsonSchemaOf } from '../config/json-schema.ts';
import * as loaded from '../config/load.ts';
import { drivers } from './drivers.ts';

type With<Call extends (options: never) => unknown> = Omit<Parameters<Call>[0], 'drivers'> & {
  readonly drivers?: Parameters<Call>[0]['drivers'];
};

/** `environment` fills in `${NAME}`. Relative paths in the file start at its own folder. Never throws. */
export const checkConfig = (options: With<typeof checked.checkConfig>) => checked.checkConfig({ drivers, ...options });

/** Like `checkConfig`, and also says what is wrong with the file itself. Never throws. */
export const checkConfigFile = (source: With<typeof loaded.checkConfigFile>) =>
  loaded.checkConfigFile({ drivers, ...source });

/** @throws BlueGreenError `config-invalid`: one line per problem; `details.problems` holds them as values. */
export const loadSettings = (source: With<typeof loaded.loadSettings>) => loaded.loadSettings({ drivers, ...source });

/** JSON Schema draft 7, as text with a line end: the content of bluegreen.schema.json. */
export const configJsonSchema = (): string => jsonSchemaOf(drivers);
