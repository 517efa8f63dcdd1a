import { describe, expect, it } from 'vitest';
import { csvLine } from './csv.ts';

describe('CSV', () => {
  it('quotes commas, quotes and line ends as RFC 4180 has it', () => {
    expect(csvLine([1, 'a,b', 'say "hi"', 'two\nlines', null, undefined])).toBe(
      '1,"a,b","say ""hi""","two\nlines",,\r\n',
    );
  });

  it.each(['=1+1', '+1', '-1', '@SUM(A1)', ' =1', '\t=1', '＝1'])('does not let %j become a formula', (cell) => {
    expect(csvLine([cell]).replace('"', '').startsWith("'")).toBe(true);
  });

  it('defuses a formula that also needs quotes', () => {
    expect(csvLine(['=HYPERLINK("http://x","y")'])).toBe(`"'=HYPERLINK(""http://x"",""y"")"\r\n`);
  });

  it('does not change numbers and harmless text', () => {
    expect(csvLine([-5, 'v2.1-rc=1'])).toBe('-5,v2.1-rc=1\r\n');
  });
});
