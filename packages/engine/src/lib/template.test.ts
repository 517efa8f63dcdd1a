import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { compileTemplate, loadTemplate } from './template.ts';

const filled = (text: string, values: object) => compileTemplate({ name: 'a.hbs', text })(values);

describe('a template', () => {
  test('is filled in with its values, and nothing is escaped for another language', () => {
    expect(filled('listen {{host}}:{{port}}; # {{note}}', { host: '::1', port: 80, note: `<"&'>` })).toBe(
      `listen ::1:80; # <"&'>`,
    );
  });

  test('repeats and chooses without leaving empty lines', () => {
    const text = 'begin\n{{#each sides}}\nserver {{name}};\n{{/each}}\n{{#if extra}}\nmore;\n{{/if}}\nend\n';
    expect(filled(text, { sides: [{ name: 'blue' }, { name: 'green' }], extra: false })).toBe(
      'begin\nserver blue;\nserver green;\nend\n',
    );
  });

  test('with a name that the values do not have is refused, naming both', () => {
    for (const text of ['{{port}}', '{{#each sides}}{{prot}}{{/each}}', '{{#if extra}}x{{/if}}', '{{listen.port}}'])
      expect(() => filled(text, { sides: [{}], listen: {} })).toThrow(
        expect.objectContaining({ code: 'template-invalid', message: expect.stringMatching(/^a\.hbs: .*not defined/) }),
      );
  });

  test('that is malformed, or calls a helper that does not exist, is refused', () => {
    expect(() => filled('{{#if a}}', { a: 1 })).toThrow(expect.objectContaining({ code: 'template-invalid' }));
    expect(() => filled('{{shout a}}', { a: 1 })).toThrow(expect.objectContaining({ code: 'template-invalid' }));
  });

  test('is read from its file', () => {
    const folder = mkdtempSync(join(tmpdir(), 'bg-template-'));
    try {
      writeFileSync(join(folder, 'a.hbs'), 'hello {{name}}');
      expect(loadTemplate<{ name: string }>(join(folder, 'a.hbs'))({ name: 'you' })).toBe('hello you');
      expect(() => loadTemplate(join(folder, 'b.hbs'))).toThrow(/b\.hbs/);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
