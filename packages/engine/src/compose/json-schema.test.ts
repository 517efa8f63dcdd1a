import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { configJsonSchema } from './configuration.ts';

describe('bluegreen.schema.json', () => {
  it('is what the schema says now; otherwise run npm run schema', () => {
    const committed = readFileSync(new URL('../../../../bluegreen.schema.json', import.meta.url), 'utf8');
    expect(committed === configJsonSchema()).toBe(true);
  });

  it('says something about every key', () => {
    const silent: string[] = [];
    visitKeys(JSON.parse(configJsonSchema()), '', (path, schema) => {
      if (typeof schema.description !== 'string') silent.push(path);
    });
    expect(silent).toEqual([]);
  });

  it('lets an editor accept a variable in place of a port, a duration or a choice', () => {
    const { properties } = JSON.parse(configJsonSchema());
    const target = properties.services.additionalProperties.properties.targets.additionalProperties.properties;
    for (const schema of [target.slots.properties.blue.properties.port, target.bake, target.afterBake]) {
      const patterns = schema.anyOf.map((one: { pattern?: string }) => one.pattern ?? '^$');
      expect(patterns.some((pattern: string) => new RegExp(pattern).test('$' + '{NAME}'))).toBe(true);
    }
  });
});

interface Schema {
  readonly description?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: Schema | boolean;
  readonly items?: Schema;
}

function visitKeys(schema: Schema, path: string, visit: (path: string, schema: Schema) => void): void {
  for (const [key, below] of Object.entries(schema.properties ?? {})) {
    visit(`${path}.${key}`, below);
    visitKeys(below, `${path}.${key}`, visit);
  }
  if (typeof schema.additionalProperties === 'object') visitKeys(schema.additionalProperties, `${path}.*`, visit);
  if (schema.items) visitKeys(schema.items, `${path}[]`, visit);
}
