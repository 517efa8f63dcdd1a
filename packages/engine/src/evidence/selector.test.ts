import { describe, expect, it } from 'vitest';
import { labelsFit, parseSelector, selectorText } from './selector.ts';

describe('a counter', () => {
  it.each([
    ['http_requests_total', 'http_requests_total', false],
    ['sum(http_requests_total)', 'http_requests_total', true],
    [' sum ( m { code =~ "5..", slot!=\'blue\', } ) ', 'm{code=~"5..",slot!="blue"}', true],
    ['m{path="/a \\"b\\" \\\\ {x}, ü"}', 'm{path="/a \\"b\\" \\\\ {x}, ü"}', false],
  ])('%s is read', (text, raw, isSum) => {
    const selector = parseSelector(text);
    expect([selectorText(selector), selector.isSum]).toEqual([raw, isSum]);
  });

  it.each([
    'rate(m[1m])',
    'sum(rate(m[1m]))',
    'sum by (code) (m)',
    'm + m',
    'm[5m]',
    'm offset 5m',
    '{__name__="m"}',
    'm{a=b}',
    'm{a="b"',
    'm{a="b"} or vector(0)',
    '',
    '5',
  ])('%s is none', (text) => {
    expect(() => parseSelector(text)).toThrow('expected the name of a counter');
  });

  it('refuses a pattern that is none', () => {
    expect(() => parseSelector('m{a=~"("}')).toThrow('no regular expression');
  });
});

describe('labels fit', () => {
  const fits = (text: string, labels: Record<string, string>) => labelsFit(parseSelector(text))(labels);
  it('as whole values, where a missing label is an empty one', () => {
    expect(fits('m{code=~"5.."}', { code: '500' })).toBe(true);
    expect(fits('m{code=~"5.."}', { code: '1500' })).toBe(false);
    expect(fits('m{code!~"5..|"}', {})).toBe(false);
    expect(fits('m{code!="500"}', {})).toBe(true);
    expect(fits('m{toString=""}', {})).toBe(true);
  });
});
