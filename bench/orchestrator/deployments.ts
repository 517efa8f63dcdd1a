// A deployment by the engine: what it takes beyond the service's own start and the waits that are configured.

import { deployed, type Stage, setStage } from '../../test/support/stage.ts';
import { bars } from '../bars.ts';
import { type Figure, median } from '../figures.ts';
import { deployByScript } from './by-script.ts';
import { type Driver, lengthOf, type Measuring, stepsOf, type Timed } from './measuring.ts';

const waitsMs = { watch: 1_000, bake: 1_000 };
const target = `
        canary: [{ percent: 10, watch: 1s }]
        health: { interval: 1s, successes: 1 }
        judge: { minRequests: 1 }
        bake: 1s
`;

const versions = ['v1.0', 'v2.0', 'v2.1'];

export async function measureDeployments({ say, signal, runs }: Measuring, driver: Driver): Promise<readonly Figure[]> {
  // A start that is waited for by `settle` would be a configured wait as well.
  const stage = await setStage({ balancer: driver, target, service: '    settle: 0s' });
  try {
    const { engine } = stage.drive();
    const order = Array.from({ length: runs + 1 }, (_, index) => versions[index % versions.length] ?? '');
    const scripted = driver === 'haproxy' ? await deployByScript(stage, order, waitsMs) : [];
    const startMs = median(scripted.map((each) => each.startMs));
    const tookMs: number[] = [];
    const own: number[] = [];
    for (const version of order) {
      signal.throwIfAborted();
      const began = performance.now();
      const users = askOnce(stage);
      const view = await deployed(engine, version, { redeploy: true });
      users.stop();
      if (view.outcome?.kind !== 'promoted') throw new Error(`${version}: ${view.outcome?.sentence}`);
      tookMs.push(performance.now() - began);
      own.push(stepMs(view.steps, ['start-preview', 'check-health']));
      say(`${driver} ${version}: ${Math.round(tookMs.at(-1) ?? 0)} ms; ${stepsOf(view.steps)}`);
    }
    // The first has no canary, so that it waits less.
    const waits = waitsMs.watch + waitsMs.bake;
    const start = driver === 'haproxy' ? startMs : median(own.slice(1));
    const overhead = median(tookMs.slice(1)) - waits - start;
    return [figure(driver, overhead, scripted.length > 0 ? peerOf(scripted, waits) : undefined)];
  } finally {
    await stage.strike();
  }
}

const peerOf = (scripted: readonly { tookMs: number; startMs: number }[], waits: number): number =>
  median(scripted.slice(1).map((each) => each.tookMs - each.startMs)) - waits;

function figure(driver: Driver, value: number, scriptMs: number | undefined): Figure {
  return {
    name: `deployment beyond start and waits, ${driver}`,
    unit: 'ms',
    value,
    peer: scriptMs === undefined ? undefined : { name: 'plain script', value: scriptMs },
    bar: driver === 'haproxy' ? bars.orchestrator.overheadMs : undefined,
  };
}

/** Without users a canary is not judged. */
function askOnce({ front }: Stage): { stop(): void } {
  const timer = setInterval(() => {
    fetch(`${front}/`).then(
      (answer) => answer.arrayBuffer(),
      () => undefined,
    );
  }, 10);
  return { stop: () => clearInterval(timer) };
}

const stepMs = (steps: readonly Timed[], names: readonly string[]): number =>
  steps.filter(({ name }) => names.includes(name)).reduce((sum, step) => sum + lengthOf(step), 0);
