import { expect, it } from 'vitest';
import { readMetricsAddress } from './address.ts';

it('serves nothing unless METRICS_PORT is set', () => {
  expect(readMetricsAddress({})).toEqual({ address: undefined, problems: [] });
  expect(readMetricsAddress({ METRICS_PORT: ' ', METRICS_HOST: '0.0.0.0' })).toEqual({
    address: undefined,
    problems: [],
  });
});

it('serves on loopback unless METRICS_HOST names another address', () => {
  expect(readMetricsAddress({ METRICS_PORT: '9464' }).address).toEqual({ host: '127.0.0.1', port: 9464 });
  expect(readMetricsAddress({ METRICS_PORT: '9464', METRICS_HOST: '10.0.0.1' }).address?.host).toBe('10.0.0.1');
});

it.each(['-1', '65536', '1e3', 'http'])('refuses %s as a port', (port) => {
  expect(readMetricsAddress({ METRICS_PORT: port })).toMatchObject({
    address: undefined,
    problems: [expect.stringContaining('METRICS_PORT')],
  });
});
