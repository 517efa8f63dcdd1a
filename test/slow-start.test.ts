// A release that takes long to start does not count as unhealthy: not while it starts, and not for its silence then.

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { alice, deployed, onStage, until, value } from './support/stage.ts';

/** The supervisor looks more seldom than the step that waits for health, and so needs longer to believe it. */
const options = {
  target: '\n        canary: []\n        bake: 500ms\n        health: { interval: 2s, startup: 60s }\n',
};
const startsAfterMs = 8_000;

describe('a release that answers late', { timeout: 120_000 }, () => {
  it('is held, and never reported as unhealthy', () =>
    onStage(options, async (stage, engine) => {
      const releases = join(stage.folder, 'releases', 'shop');
      const late = `setTimeout(() => import('./server.mjs'), ${startsAfterMs})`;
      await writeFile(
        join(releases, 'v2.1', 'bluegreen.release.yaml'),
        `command: [${process.execPath}, -e, "${late}"]\n`,
      );
      await deployed(engine, 'v1.0');
      const { id } = value(engine.deploy({ version: 'v2.1', actor: alice, hold: true }));
      const held = await until(engine, id, ({ phase, outcome }) => phase === 'hold' || outcome !== undefined, 80_000);
      // Long enough for the supervisor to have made up its mind.
      await until(engine, id, ({ outcome }) => outcome !== undefined, 8_000).catch(() => undefined);
      expect(held).toMatchObject({ phase: 'hold', outcome: undefined });
      expect(engine.deployment(id)).toMatchObject({ phase: 'hold', outcome: undefined });
      const ill = engine.audit
        .after(0, 10_000)
        .filter(({ action, code }) => action === 'health-changed' && code === 'unhealthy');
      expect(ill).toEqual([]);
    }));
});
