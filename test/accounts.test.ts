// A service under a separate account, from the first deployment to the way back, through a real balancer.

import { chmodSync, chownSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { deployed, onStage, type Stage, value } from './support/stage.ts';

const nobody = 65_534;
const service = '    user: nobody\n    quota: { memory: 1GB, pids: 500 }';
const target = '        canary: []\n        bake: 1s\n';

/** What an operator gives the account: the way to the releases, and a folder to write to. */
function openTo({ folder }: Stage): void {
  chmodSync(folder, 0o711);
  mkdirSync(join(folder, 'ledger'));
  chownSync(join(folder, 'ledger'), nobody, nobody);
}

const uidOf = (pid: number): number => Number(/^Uid:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);

describe.skipIf(process.getuid?.() !== 0)('a service with a user (needs root to change accounts)', () => {
  it('is deployed, taken back and stopped as that user, and the plan says so', { timeout: 120_000 }, () =>
    onStage({ service, target }, async (stage, engine) => {
      openTo(stage);
      const actor = { kind: 'person', id: 'alice', door: 'cli' } as const;
      const plan = value(await engine.plan({ version: 'v1.0', actor }));
      expect(plan.run?.account).toBe('as nobody');
      expect((await deployed(engine, 'v1.0')).outcome).toMatchObject({ kind: 'promoted' });
      expect((await deployed(engine, 'v2.0')).outcome).toMatchObject({ kind: 'promoted' });
      const pids = ['blue', 'green'].map((slot) => {
        const file = join(stage.settings.stateFolder, 'slots/shop/production', `${slot}.json`);
        return JSON.parse(readFileSync(file, 'utf8')).process.pid as number;
      });
      expect(pids.map(uidOf)).toEqual([nobody, nobody]);
      const asked = value(await engine.rollback({ actor, reason: 'try' }));
      expect(asked).toBeDefined();
      await expect
        .poll(async () => (await fetch(`${stage.front}/health`)).json(), { timeout: 40_000 })
        .toMatchObject({ version: 'v1.0' });
    }),
  );
});
