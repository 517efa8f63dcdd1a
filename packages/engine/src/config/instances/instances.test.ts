import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Bench, edited, makeBench, smallConfig } from '../test-config.ts';

let bench: Bench;
beforeAll(() => {
  bench = makeBench();
});
afterAll(() => bench.remove());

const blue = '          blue: { port: 8001 }';
const slots = (text: string) => edited([`${blue}\n          green: { port: 8002 }`, text]);
const target = (text: string) => edited(['        slots:', `        ${text}\n        slots:`]);
const settingsOf = (text: string) => {
  const { settings, problems } = bench.check(text);
  expect(problems.filter(({ severity }) => severity === 'error')).toEqual([]);
  return settings!;
};
const portsOf = (text: string) => {
  const { slots: its } = settingsOf(text).targets[0]!;
  return [its.blue.ports ?? its.blue.port, its.green.ports ?? its.green.port];
};

describe('instances', () => {
  it('get the ports that follow, of the slot, the target or the service', () => {
    const far = '          blue: { port: 8001 }\n          green: { port: 8011, instances: 2 }';
    expect(portsOf(slots(far))).toEqual([8001, [8011, 8012]]);
    expect(portsOf(slots(far).replace('        slots:', '        instances: 3\n        slots:'))).toEqual([
      [8001, 8002, 8003],
      [8011, 8012],
    ]);
    expect(portsOf(slots(far).replace('    channel', '    instances: 2\n    channel'))).toEqual([
      [8001, 8002],
      [8011, 8012],
    ]);
  });

  it('have the ports of a list', () => {
    const listed = '          blue: { ports: [8001, 8101] }\n          green: { port: 8002, ports: [8002, 8102] }';
    expect(portsOf(slots(listed))).toEqual([
      [8001, 8101],
      [8002, 8102],
    ]);
  });

  it('have the reserved ports after their own, which no other may have', () => {
    const far = '          blue: { port: 8001 }\n          green: { port: 8011, maxInstances: 3 }';
    const text = slots(far).replace('        slots:', '        instances: 2\n        maxInstances: 4\n        slots:');
    const { blue: first, green } = settingsOf(text).targets[0]!.slots;
    expect([first.ports, first.reserved]).toEqual([
      [8001, 8002],
      [8001, 8002, 8003, 8004],
    ]);
    expect([green.ports, green.reserved]).toEqual([
      [8011, 8012],
      [8011, 8012, 8013],
    ]);
    const listed = '          blue: { ports: [8001, 8101], maxInstances: 2 }\n          green: { port: 8002 }';
    expect(settingsOf(slots(listed)).targets[0]!.slots.blue).toMatchObject({ port: 8001, reserved: [8001, 8101] });
    expect(bench.problems(text.replace('port: 8011', 'port: 8004')).join('\n')).toContain('port 8004 is already taken');
  });

  it('change the digest only where there are several', () => {
    const { digest } = settingsOf(smallConfig);
    expect(settingsOf(target('instances: 1')).digest).toBe(digest);
    const listed = '          blue: { ports: [8001] }\n          green: { port: 8002 }';
    expect(settingsOf(slots(listed)).digest).toBe(digest);
    const several = '          blue: { port: 8001 }\n          green: { port: 8002, instances: 2 }';
    expect(settingsOf(slots(several)).digest).not.toBe(digest);
    expect(settingsOf(target('minHealthy: 1')).digest).not.toBe(digest);
    expect(settingsOf(target('maxInstances: 1')).digest).toBe(digest);
  });
});

describe('instances that do not fit are refused:', () => {
  const at = 'services.shop.targets.production.slots';
  it.each([
    ['ports that meet', target('instances: 2'), `${at}.green.port: port 8002 is already taken by ${at}.blue.port`],
    [
      'a slot without a port',
      slots('          blue: {}\n          green: { port: 8002 }'),
      `${at}.blue: has no port; expected \`port\`, or \`ports\` with one for each instance`,
    ],
    [
      'two first ports',
      slots('          blue: { port: 8001, ports: [8005, 8006] }\n          green: { port: 8002 }'),
      `${at}.blue.ports: begins with 8005; expected 8001, as \`port\` says, or no \`port\``,
    ],
    [
      'too few ports',
      slots('          blue: { instances: 3, ports: [8005, 8006] }\n          green: { port: 8002 }'),
      `${at}.blue.ports: has 2 of 3 ports; expected one for each instance`,
    ],
    [
      'ports above the last',
      slots('          blue: { port: 65535, instances: 2 }\n          green: { port: 8002 }'),
      `${at}.blue.port: is too high: the last instance would get 65536`,
    ],
    [
      'the ports of two lists that meet',
      slots('          blue: { ports: [8001, 8005] }\n          green: { ports: [8002, 8005] }'),
      `${at}.green.ports[1]: port 8005 is already taken by ${at}.blue.ports[1]`,
    ],
    [
      'more than the most',
      target('instances: 3\n        maxInstances: 2').replace('port: 8002', 'port: 8012'),
      `${at}.blue: has 3 instances, more than its maxInstances, 2`,
    ],
    [
      'a list that leaves no port for more',
      slots('          blue: { instances: 1, maxInstances: 3, ports: [8005, 8006] }\n          green: { port: 8002 }'),
      `${at}.blue.ports: has 2 of 3 ports; expected one for each instance`,
    ],
    ['no instance', target('instances: 0'), 'production.instances: expected a number of instances from 1 to 64'],
    [
      'more healthy ones than there are',
      target('minHealthy: 2'),
      'production.minHealthy: is more than the one instance',
    ],
  ])('%s', (_, text, problem) => {
    expect(bench.problems(text).join('\n')).toContain(problem);
  });
});
