import { describe, expect, it } from 'vitest';
import { evaluate, expressionProblem, findAll } from './expression.ts';

const document = {
  run: { id: 7, name: 'Release', tags: ['a', 'b'], none: null, deep: { sha: 'x/y' } },
  variables: [
    { key: 'VERSION', value: 'v2.1' },
    { key: 'OTHER', value: 'no' },
  ],
};

describe('an expression', () => {
  it.each([
    ['$.run.id', '7'],
    ['v{$.run.id}', 'v7'],
    ["$.variables[?@.key == 'VERSION'].value", 'v2.1'],
    ['{branch}-{$.run.id}', 'main-7'],
    ['{ branch }', 'main'],
    ['just a text', 'just a text'],
  ])('%s finds %s', (text, value) => {
    expect(evaluate(text, document, { branch: 'main' })).toEqual({ ok: true, value });
  });

  it.each([
    ['$.run.nothing', 'finds nothing'],
    ['$.run.none', 'finds nothing'],
    ['$.run.tags[*]', 'finds 2 values, not one'],
    ['$.run.deep', 'finds no text and no number'],
    ['v{tag}', 'needs tag, which is not known'],
  ])('%s %s', (text, problem) => {
    expect(evaluate(text, document, { tag: undefined })).toEqual({ ok: false, problem });
  });

  it('encodes what is filled in, and nothing of the text around it', () => {
    expect(evaluate('https://x/{$.run.deep.sha}', document, {}, encodeURIComponent)).toEqual({
      ok: true,
      value: 'https://x/x%2Fy',
    });
  });

  it.each([
    ['$.run[', /^is no JSONPath: /],
    ['$..', /^is no JSONPath: /],
    ['v{$.run[}', /^is no JSONPath: /],
    ['v{branhc}', /^has \{branhc\}, which is not known; known: branch/],
    ['v{branch', /^has a brace without its partner$/],
    ["$.a[?constructor.constructor('return 1')()]", /^is no JSONPath: /],
  ])('%s cannot be read, and why is said', (text, problem) => {
    expect(expressionProblem(text, ['branch'])).toMatch(problem);
  });

  it('reads no property that JSON does not have', () => {
    for (const path of ['$.constructor', '$.run.__proto__', '$.run.tags.length'])
      expect(evaluate(path, document, {})).toEqual({ ok: false, problem: 'finds nothing' });
  });

  it('ends on a document that is nested beyond reason', () => {
    let deep: unknown = 1;
    for (let level = 0; level < 50_000; level += 1) deep = [deep];
    expect(findAll('$..x', deep)).toEqual([]);
  });
});
