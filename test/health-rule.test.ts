// A service that answers its health address for its own Host alone is deployed, and proved through the load balancer.

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { deployed, onStage } from './support/stage.ts';

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
      const direct = await engine.parts.health({ service: 'shop' }, 'blue');
      expect(direct).toMatchObject({ ok: true, value: { healthy: true, version: 'v1.0' } });
    }));
});
