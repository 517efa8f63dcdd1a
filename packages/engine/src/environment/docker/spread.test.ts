import { expect, it } from 'vitest';
import { hostOfInstance, requireHost } from './spread.ts';

const host = (name: string, instances?: number) => ({
  name,
  address: `unix:///${name}`,
  endpointHost: '127.0.0.1',
  ...(instances === undefined ? {} : { instances }),
});
const names = (hosts: Parameters<typeof hostOfInstance>[0]['hosts'], count: number) =>
  Array.from({ length: count }, (_, at) => hostOfInstance({ hosts }, at + 1)?.name);

it('instances take turns over hosts, each of which takes so many at most', () => {
  expect(names([host('a')], 3)).toEqual(['a', 'a', 'a']);
  expect(names([host('a'), host('b')], 5)).toEqual(['a', 'b', 'a', 'b', 'a']);
  expect(names([host('a', 1), host('b')], 4)).toEqual(['a', 'b', 'b', 'b']);
  expect(names([host('a', 2), host('b', 1)], 4)).toEqual(['a', 'b', 'a', undefined]);
});

it('more instances than hosts take are refused, with both numbers', () => {
  const hosts = [host('a', 2), host('b', 1)] as const;
  const place = { service: 'shop', target: 'production', slot: 'blue', port: 1, instance: 4 } as const;
  expect(() => requireHost({ hosts }, place)).toThrow(
    'instance 4 of blue of shop/production has no host: environment.docker.hosts take 3 instances of a slot',
  );
});
