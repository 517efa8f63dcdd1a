// From a deployment to a mailbox: the controller also notifies, and a mail server that is away delays only mail.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePorts } from '@bg/engine/test-kit';
import { afterEach, expect, it } from 'vitest';
import { start, startReceiver } from '../apps/webhook/src/testing/receiver.ts';
import { header, type MailServer, partOf, startMailServer } from '../packages/engine/src/notify/testing/mail-server.ts';
import { alice, deployed, eventually, setStage, until, value } from './support/stage.ts';

const opened: { close(): Promise<unknown> }[] = [];
afterEach(async () => {
  for (const one of opened.splice(0).reverse()) await one.close();
});

const secret = `whsec_${'A'.repeat(44)}`;
const reported = ({ received }: MailServer) => received.map(({ raw, to }) => `${to.join()}: ${header(raw, 'Subject')}`);

it('live, failed, restored: each reported once, none lost while the mail server was away', async () => {
  const [port = 0] = await freePorts(1);
  const stage = await setStage({
    target: `
        canary: [{ percent: 30, watch: 1s }]
        bake: 1s
        failedSide: { keep: 2s }
notify: { mail: { host: 127.0.0.1, port: ${port}, tls: none, from: deploys@example.com } }
`,
  });
  opened.push({ close: () => stage.strike() });
  const { child, ended } = await startReceiver(stage, [secret]);
  opened.push({
    close: () => {
      child.kill('SIGKILL');
      return ended;
    },
  });
  const engine = stage.open();
  const first = await deployed(engine, 'v1.0');
  expect(first.outcome?.kind).toBe('promoted');
  await eventually(() => engine.outbox.waiting('mail') === 1);
  const server = await startMailServer({ port });
  opened.push(server);
  await eventually(() => server.received.length === 1, 60_000);
  const second = value(engine.deploy({ version: 'v2.2-broken-smoke', actor: alice, reason: 'before the sale' }));
  const end = await until(engine, second.id, ({ outcome }) => outcome !== undefined, 60_000);
  await eventually(() => server.received.length === 3, 60_000);
  expect(reported(server)).toEqual([
    'alice@example.com: shop: v1.0 is live',
    'alice@example.com: shop: v2.2-broken-smoke failed',
    'alice@example.com: shop: the failed side is back on v1.0',
  ]);
  const text = partOf(server.received[1]?.raw ?? '', 'text/plain');
  expect(text).toContain(end.outcome?.sentence);
  expect(text).toContain('Reason: before the sale');
  expect(engine.outbox.waiting('mail')).toBe(0);
}, 180_000);

it('a template that cannot be filled in ends the process at its start, and is named', async () => {
  const templates = mkdtempSync(join(tmpdir(), 'bg-mail-'));
  opened.push({ close: async () => rmSync(templates, { recursive: true }) });
  writeFileSync(join(templates, 'halted.text.hbs'), '{{headlin}}');
  const mail = `{ host: 127.0.0.1, tls: none, from: deploys@example.com, templates: ${templates} }`;
  const stage = await setStage({ target: `\nnotify: { mail: ${mail} }\n` });
  opened.push({ close: () => stage.strike() });
  const { ended, output } = start({
    BLUEGREEN_CONFIG: join(stage.folder, 'bluegreen.yaml'),
    WEBHOOK_SECRET: secret,
    PORT: String((await freePorts(1))[0]),
  });
  expect(await ended).toBe(1);
  expect(output()).toMatch(/halted\.text\.hbs.*headlin/);
});
