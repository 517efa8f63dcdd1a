import { checkConfig } from '@bg/engine';
import { expect, it } from 'vitest';
import { demoConfig, unhurried } from './demo-config.ts';
import { placesIn } from './places.ts';
import { usualPorts } from './ports.ts';

it('is the configuration of a folder whose path looks like a variable', () => {
  const places = placesIn('/tmp/of ${SOMEONE}, $${else}');
  const text = demoConfig({ places, ports: usualPorts, pace: unhurried });
  const { settings, problems } = checkConfig({ file: places.config, text, environment: {} });
  expect(problems.filter(({ severity }) => severity === 'error')).toEqual([]);
  expect(settings?.stateFolder).toBe(places.state);
});
