// A rollback drill on a real balancer, under requests: what the tests of every balancer expect of it.

import type { Engine } from '@bg/engine';
import { expect } from 'vitest';
import { alice, deployed, eventually, type Stage, value } from './stage.ts';

const view = (engine: Engine) => engine.status().targets[0];

/** With a warm standby, then with one that is stopped: users stay where they are, and no request fails. */
export async function expectDrills({ front }: Stage, engine: Engine): Promise<void> {
  await deployed(engine, 'v1.0');
  await deployed(engine, 'v2.1');
  const users = ask(front);
  const warm = await drilled(engine);
  expect(warm).toMatchObject({ code: 'passed', version: 'v1.0' });
  expect(warm?.startMs).toBeUndefined();
  expect(view(engine)?.rollback.sentence).toMatch(/drilled \d+ s ago: \d+ ms$/);
  value(await engine.slots.stop({ slot: 'blue', actor: alice }));
  const cold = await drilled(engine);
  expect(cold).toMatchObject({ code: 'passed', version: 'v1.0' });
  expect(cold?.startMs).toBeGreaterThan(0);
  const { sent, lost, versions } = await users.stop();
  console.log(
    `drilled: warm ${warm?.ms} ms, cold ${cold?.ms} ms after a start of ${cold?.startMs} ms; ${sent} requests, ${lost} lost`,
  );
  expect([lost, versions]).toEqual([0, ['v2.1']]);
  expect(view(engine)?.routing).toMatchObject({ active: 'green', preview: undefined });
  await eventually(() => view(engine)?.slots.find(({ slot }) => slot === 'blue')?.role === 'idle');
  expect(view(engine)?.drift).toBeUndefined();
}

async function drilled(engine: Engine) {
  const since = Date.now();
  value(engine.drill({ actor: alice }));
  await eventually(() => view(engine)?.drill?.isUnderWay === false && (view(engine)?.drill?.last?.at ?? 0) >= since);
  return view(engine)?.drill?.last;
}

/** One request after the other, until it is stopped; each has a limit. */
function ask(front: string) {
  const versions = new Set<string>();
  let [sent, lost, isOver] = [0, 0, false];
  const asking = (async () => {
    while (!isOver && sent < 20_000) {
      sent += 1;
      const answer = await fetch(`${front}/api/products`, { signal: AbortSignal.timeout(30_000) }).catch(
        () => undefined,
      );
      await answer?.text().catch(() => undefined);
      if (answer?.ok === true) versions.add(answer.headers.get('x-shop')?.split(' ')[1] ?? 'none');
      else lost += 1;
      await new Promise((wake) => setTimeout(wake, 20));
    }
  })();
  return {
    stop: async () => {
      isOver = true;
      await asking;
      return { sent, lost, versions: [...versions] };
    },
  };
}
