import { type AddressInfo, createServer } from 'node:net';
import { describe, expect, it } from 'vitest';
import type { VariableFormat } from '../config/process/required-env.ts';
import { misshapen, unreachable } from './variable-formats.ts';

const wanted = (format: VariableFormat['format'], reachable = false): readonly VariableFormat[] => [
  { name: 'V', format, reachable },
];

describe('a variable', () => {
  it.each([
    ['url', 'postgres://app:p%23ss@db.example.com/shop', true],
    ['url', 'https://example.com', true],
    ['url', 'sqlite:/var/lib/shop.sqlite', true],
    ['url', 'db.example.com', false],
    ['url', 'postgres://app:12#ss@db/shop', false],
    ['url', 'postgres://app:p/ss@db/shop', false],
    ['integer', '-12', true],
    ['integer', '1.5', false],
    ['integer', '12 ', false],
    ['number', '1.5e3', true],
    ['number', '1,5', false],
    ['port', '8080', true],
    ['port', '65536', false],
    ['port', '0', false],
    ['boolean', 'False', true],
    ['boolean', 'maybe', false],
    ['json', '{"a":[1]}', true],
    ['json', "{'a':1}", false],
    ['text', 'anything', true],
  ] as const)('that must be %s, with %s: %s', (format, value, fits) => {
    const problems = misshapen({ V: value }, wanted(format));
    expect(problems.length === 0).toBe(fits);
    expect(problems.join()).not.toContain(value);
  });

  it('that is missing is not checked here', () => {
    expect(misshapen({ V: '' }, wanted('url'))).toEqual([]);
    expect(misshapen({}, wanted('url'))).toEqual([]);
  });
});

describe('what an address names', () => {
  it('is reachable when something accepts connections there, by the port of its scheme too', async () => {
    const server = createServer((socket) => socket.destroy());
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const address = `postgres://app:se%23cret@127.0.0.1:${port}/shop`;
    expect(await unreachable({ V: address }, wanted('url', true))).toEqual([]);
    server.close();
    await new Promise((resolve) => server.once('close', resolve));
    const [problem = ''] = await unreachable({ V: address }, wanted('url', true));
    expect(problem).toMatch(
      new RegExp(`^what V names cannot be reached: 127\\.0\\.0\\.1:${port} refuses: .*ECONNREFUSED`),
    );
    expect(problem).not.toMatch(/app|cret/);
    expect(await unreachable({ V: address }, wanted('url'))).toEqual([]);
  });

  it.each(['sqlite:/var/lib/shop.sqlite', 'shop://db.example.com/', 'postgres://app:p%23@%2Fvar%2Frun/shop'])(
    'cannot be reached at %s',
    async (address) => {
      expect(await unreachable({ V: address }, wanted('url', true))).toEqual([
        'the address in V names no host and port that could be reached',
      ]);
    },
  );
});
