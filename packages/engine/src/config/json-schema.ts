// The schema of the file in the form that editors read: completion, documentation and red lines while typing.

import { z } from 'zod';
import type { Drivers } from './drivers.ts';
import { configSchema } from './schema.ts';

const variable = { type: 'string', pattern: '\\$\\{[A-Za-z_][A-Za-z0-9_]*\\}' } as const;

/** JSON Schema draft 7, as text with a line end: the content of bluegreen.schema.json. */
export function configJsonSchema(drivers: Drivers): string {
  const schema = z.toJSONSchema(configSchema(drivers), {
    target: 'draft-7',
    io: 'input',
    override: ({ jsonSchema }) => allowVariable(jsonSchema),
  });
  return `${JSON.stringify({ ...schema, title: 'bluegreen.yaml' }, null, 2)}\n`;
}

/** What is checked after `${NAME}` was filled in may be `${NAME}` in the text: a port, a duration, a choice. */
function allowVariable(schema: z.core.JSONSchema.BaseSchema): void {
  const isScalar = schema.type === 'integer' || schema.type === 'boolean' || schema.type === 'string';
  const isBound = schema.type !== 'string' || schema.pattern !== undefined || schema.enum !== undefined;
  if (!isScalar || !isBound) return;
  const { description, ...own } = schema;
  for (const key of Object.keys(schema)) delete schema[key];
  Object.assign(schema, description === undefined ? {} : { description }, { anyOf: [own, variable] });
}
