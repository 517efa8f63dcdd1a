// A process that acts as an engine once, so that a test can run an engine under another account, a new one each time:
//   node engine-of-another.ts '{"stateFolder": …, "act": "start", "arguments": […]}'

import { systemClock } from '../../lib/clock.ts';
import { BlueGreenError } from '../../lib/errors.ts';
import { silentLog } from '../../lib/log.ts';
import type { Environment } from '../environment.ts';
import { probeHealth } from '../health.ts';
import { createProcessEnvironment } from '../process/driver.ts';
import { healthRule } from './health-rule.ts';

interface Order {
  readonly stateFolder: string;
  readonly act: 'start' | 'stop' | 'inspect' | 'adopt' | 'health';
  readonly arguments: readonly unknown[];
}

const order = JSON.parse(process.argv[2] ?? '') as Order;
const environment = createProcessEnvironment({ stateFolder: order.stateFolder, clock: systemClock, log: silentLog });
const acts = { ...environment, ...environment.adoption };
const act =
  order.act === 'health'
    ? health
    : (acts[order.act] as (...given: readonly unknown[]) => ReturnType<Environment['start']>);

function health(...[asked]: readonly unknown[]) {
  const { url, rule } = asked as { readonly url: string; readonly rule: object };
  const expected = { slot: 'blue', version: 'v1' } as const;
  return probeHealth({ url, expected, settings: { ...healthRule, ...rule } });
}

try {
  console.log(JSON.stringify({ value: (await act(...order.arguments)) ?? null }));
} catch (thrown) {
  if (!(thrown instanceof BlueGreenError)) throw thrown;
  console.log(JSON.stringify({ code: thrown.code, message: thrown.message }));
}
