// Writes bluegreen.schema.json, for editors, from the schema that checks the configuration. Run it when that changes.

import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { configJsonSchema } from '../packages/engine/src/compose/configuration.ts';

const file = fileURLToPath(new URL('../bluegreen.schema.json', import.meta.url));
writeFileSync(file, configJsonSchema());
console.log(`wrote ${file}`);
