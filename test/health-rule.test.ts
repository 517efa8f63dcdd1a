// A service that answers its health address only for its own Host is deployed, and proved through the load balancer.
// A service that is degraded keeps its users and gets no new ones.

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { deployed, eventually, onStage } from './support/stage.ts';

const options = {
  target: `
        canary: []
        bake: 500ms
        health: { interval: 500ms, startup: 60s, headers: { Host: shop.example.com } }
`,
};

const strict = `
import http from 'node:http';
const { emit } = http.Server.prototype;
http.Server.prototype.emit = function (event, request, response) {
  if (event !== 'request' || request.url !== '/health' || request.headers.host === 'shop.example.com')
    return emit.apply(this, arguments);
  response.writeHead(400).end('which host?');
  return true;
};
await import('./server.mjs');
`;

describe('a service that wants its own Host', { timeout: 120_000 }, () => {
  it('is healthy, promoted and proved live', () =>
    onStage(options, async (stage, engine) => {
      const release = join(stage.folder, 'releases', 'shop', 'v1.0');
      await writeFile(join(release, 'strict.mjs'), strict);
      await writeFile(join(release, 'bluegreen.release.yaml'), `command: [${process.execPath}, strict.mjs]\n`);
      expect(await deployed(engine, 'v1.0')).toMatchObject({ outcome: { kind: 'promoted' } });
      const direct = await engine.slots.health({ service: 'shop' }, 'blue');
      expect(direct).toMatchObject({ ok: true, value: { healthy: true, version: 'v1.0' } });
    }));
});

/** Says of itself that it is degraded while the file is there. */
const moody = (file: string) => `
import { existsSync } from 'node:fs';
import http from 'node:http';
const { emit } = http.Server.prototype;
http.Server.prototype.emit = function (event, request, response) {
  if (event !== 'request' || request.url !== '/health' || !existsSync(${JSON.stringify(file)}))
    return emit.apply(this, arguments);
  const { ENVIRONMENT_COLOR: environment, APP_VERSION: version } = process.env;
  response.end(JSON.stringify({ status: 'degraded', environment, version, database_connected: true }));
  return true;
};
await import('./server.mjs');
`;

describe('a side that is degraded', { timeout: 120_000 }, () => {
  it('keeps its users when it is live, and gets none when it is new', () =>
    onStage(
      { target: options.target.replace(/headers: .*/, 'startup: 12s }').replace('startup: 60s, ', '') },
      async (stage, engine) => {
        const file = join(stage.folder, 'degraded');
        for (const version of ['v1.0', 'v2.1']) {
          const release = join(stage.folder, 'releases', 'shop', version);
          await writeFile(join(release, 'moody.mjs'), moody(file));
          await writeFile(join(release, 'bluegreen.release.yaml'), `command: [${process.execPath}, moody.mjs]\n`);
        }
        expect(await deployed(engine, 'v1.0')).toMatchObject({ outcome: { kind: 'promoted' } });
        await writeFile(file, '');
        const live = () => engine.status().targets[0]?.slots.find(({ role }) => role === 'active');
        await eventually(() => live()?.health === 'degraded');
        expect(live()).toMatchObject({ version: 'v1.0', restarts: 0, healthProblem: 'status is "degraded"' });
        const refused = await deployed(engine, 'v2.1');
        expect(refused.outcome).toMatchObject({ kind: 'failed', code: 'never-healthy' });
        expect(refused.outcome?.sentence).toMatch(
          /it is degraded \(status is "degraded"\), and health\.acceptDegraded is not set/,
        );
        expect(live()).toMatchObject({ version: 'v1.0', health: 'degraded', restarts: 0 });
        const said = engine.audit.after(0, 10_000).filter(({ action }) => action === 'health-changed');
        expect(said.map(({ code }) => code)).toContain('degraded');
        expect(said.map(({ code }) => code)).not.toContain('unhealthy');
      },
    ));
});
