// How many verbs one process decides in a second: each is a transaction with its audit row, synced to the disk.

import { alice, setStage, value } from '../../test/support/stage.ts';
import type { Figure } from '../figures.ts';
import type { Measuring } from './measuring.ts';

const seconds = 5;

export async function measureVerbs({ say }: Measuring): Promise<readonly Figure[]> {
  const stage = await setStage();
  try {
    const engine = stage.open();
    const began = performance.now();
    let verbs = 0;
    while (performance.now() - began < seconds * 1_000) {
      value(engine.lock({ actor: alice, reason: 'measured' }));
      value(engine.unlock({ actor: alice }));
      verbs += 2;
    }
    const perSecond = Math.round(verbs / ((performance.now() - began) / 1_000));
    const looked = performance.now();
    let looks = 0;
    for (; performance.now() - looked < 1_000; looks += 1) engine.status();
    say(`${verbs} verbs in ${seconds} s; ${looks} times the status in a second`);
    return [
      { name: 'verbs a second, each synced', unit: 'count', value: perSecond, peer: undefined, bar: undefined },
      { name: 'status a second', unit: 'count', value: looks, peer: undefined, bar: undefined },
    ];
  } finally {
    await stage.strike();
  }
}
