import { expect, it } from 'vitest';
import { htmlSafe, oneLine, webLink } from './text.ts';

it('text from outside stays one line, shows nothing else than it says, and is not cut inside a character', () => {
  expect(oneLine('a\r\nBcc: eve\u2028b\u202Ec\u0000', 50)).toBe('a Bcc: eve bc');
  expect(oneLine('😀😀😀😀', 3)).toBe('😀😀…');
});

it('only a page is linked to', () => {
  expect(webLink('https://ci.example.com/runs/7?a=1')).toBe('https://ci.example.com/runs/7?a=1');
  for (const bad of ['javascript:alert(1)', 'data:text/html,x', 'https://bank@evil.example/', 'no', 7, undefined])
    expect(webLink(bad)).toBeUndefined();
  expect(webLink('https://a.example/"><script>')).not.toContain('"');
});

it('every text inside values is safe in HTML, numbers and yes or no stay', () => {
  expect(htmlSafe({ a: '<&>', list: [{ b: `"'` }], count: 3, is: false })).toEqual({
    a: '&lt;&amp;&gt;',
    list: [{ b: '&quot;&#39;' }],
    count: 3,
    is: false,
  });
});
