import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { compileTemplate, fillForeign, loadTemplate } from './template.ts';

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

describe('a template that others wrote', () => {
  const nested = (depth: number) => `${'{{#if A}}\n'.repeat(depth)}x${'{{/if}}'.repeat(depth)}`;

  test.each([
    ['5,000 blocks inside one another', nested(5_000), 'more than 32 deep'],
    ['inverted blocks inside one another', '{{^if A}}'.repeat(5_000), 'more than 32 deep'],
    ['50,000 tags', '{{A}}'.repeat(50_000), 'more than 5000 tags'],
    ['2 MB', 'x'.repeat(2_000_000), '2000000 bytes'],
    ['200 KB of opening braces', '{'.repeat(200_000), ''],
  ])('of %s is refused before it costs time', (_, text, problem) => {
    const begun = performance.now();
    const filled = fillForeign({ text, values: { A: '1' } });
    expect(performance.now() - begun).toBeLessThan(5_000);
    expect(JSON.stringify(filled)).toContain(problem);
    expect(filled).toHaveProperty('problems');
  });

  test('fills in many blocks in a row, each with an else', () => {
    const text = '{{#if A}}x{{^}}y{{/if}}{{#if A}}x{{else}}y{{/if}}'.repeat(40);
    expect(fillForeign({ text, values: { A: '1' } })).toEqual({ text: 'x'.repeat(80) });
  });

  test('of thirty blocks inside one another is filled in', () => {
    expect(fillForeign({ text: nested(30), values: { A: '1' } })).toEqual({ text: 'x' });
  });
});
