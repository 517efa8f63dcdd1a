import fc from 'fast-check';
import { expect, test } from 'vitest';
import { codeOf, withoutComments, withParameters } from './code.ts';

test('parameters are replaced in the code, and nowhere else', () => {
  const text = `UPDATE a SET b = ':from', c = b::to -- :to
  WHERE id BETWEEN :from AND :to /* :from */`;
  expect(withParameters(text, { from: '$1', to: '$2' })).toBe(`UPDATE a SET b = ':from', c = b::to -- :to
  WHERE id BETWEEN $1 AND $2 /* :from */`);
});

test('strings, bodies and comments are blank; names stay', () => {
  expect(codeOf(`a 'b''c' "d;" $$e$$ $x$f$$g$x$ E'h\\'i' j$1 -- k`)).toBe(
    `a ${' '.repeat(6)} "d;" ${' '.repeat(5)} ${' '.repeat(10)} ${' '.repeat(7)} j$1 ${' '.repeat(4)}`,
  );
  expect(withoutComments(`a '--b' /* c */ d`)).toBe(`a '--b'         d`);
});

test('whatever the text, its places stay the same', () => {
  const pieces = fc.constantFrom("'", '"', '`', '--', '/*', '*/', '$$', '$a$', '\n', ';', 'a', 'E', '\\', ':from', ' ');
  fc.assert(
    fc.property(fc.array(pieces, { maxLength: 40 }), (parts) => {
      const text = parts.join('');
      for (const blanked of [codeOf(text), withoutComments(text)]) {
        expect(blanked).toHaveLength(text.length);
        expect(blanked.split('\n').map((line) => line.length)).toEqual(text.split('\n').map((line) => line.length));
      }
    }),
  );
});
