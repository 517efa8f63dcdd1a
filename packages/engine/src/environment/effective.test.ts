import { describe, expect, it } from 'vitest';
import { differences, unexplained } from './effective.ts';
import type { Effective } from './environment.ts';

const started = (
  variables: Readonly<Record<string, readonly [mark: string, from?: string]>>,
  more: Partial<Effective> = {},
): Effective => ({
  key: 'k',
  command: 'c',
  envFiles: ['/common', '/blue'],
  variables: Object.fromEntries(
    Object.entries(variables).map(([name, [mark, from]]) => [name, { mark, from: from === undefined ? [] : [from] }]),
  ),
  ...more,
});

describe('what two starts have in common', () => {
  it('is reported as the names of variables that were added, removed or changed', () => {
    const before = started({ A: ['1'], B: ['1'], C: ['1'] });
    expect(differences(before, started({ A: ['1'], B: ['2'], D: ['1'] }))).toEqual(['B', 'C', 'D']);
    expect(differences(before, before)).toEqual([]);
  });

  it('is not known when the marks were made with another key', () => {
    expect(differences(started({ A: ['1'] }), started({ A: ['2'] }, { key: 'other' }))).toBeUndefined();
  });

  it('may differ between two slots by what only one of their env files says', () => {
    const blue = started({ A: ['1', '/common'], OWN: ['1', '/blue'], GONE: ['1', '/blue'] });
    const green = started({ A: ['2', '/common'], OWN: ['2', '/green'] }, { envFiles: ['/common', '/green'] });
    expect(unexplained(blue, green)).toEqual(['A']);
  });
});
