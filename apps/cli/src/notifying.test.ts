// Mail from the shell: what it would look like, and one real one to a real mail server.

import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { header, type MailServer, startMailServer } from '../../../packages/engine/src/notify/testing/mail-server.ts';
import { openShell, type Shell } from './testing/shell.ts';

let shell: Shell;
let server: MailServer;
beforeAll(async () => {
  server = await startMailServer();
  shell = await openShell();
  const folder = join(shell.folder, 'mail');
  mkdirSync(folder);
  const mail = `{ host: 127.0.0.1, port: ${server.port}, tls: none, from: deploys@example.com, templates: ${folder} }`;
  writeFileSync(shell.config, `notify: { mail: ${mail} }\n${readFileSync(shell.config, 'utf8').trimStart()}`);
});
afterAll(async () => {
  await shell.close();
  await server.close();
});

describe('bg notify preview', () => {
  it('shows every mail with samples', async () => {
    const { code, out } = await shell.bg('notify', 'preview');
    expect(code).toBe(0);
    for (const fact of ['build-broken', 'awaiting-approval', 'break-glass', 'rolled-back', 'halted', 'digest'])
      expect(out).toContain(`── ${fact}`);
    expect(out).toContain('Subject: shop: v2.1 was rolled back to v2.0');
  });

  it('shows the HTML of one, in which text is escaped', async () => {
    const { out } = await shell.bg('notify', 'preview', 'build-broken', '--html');
    expect(out).toMatch(/^<!doctype html>/);
    expect(out).toContain('Show prices with &lt;b&gt;tax&lt;/b&gt;');
    expect((await shell.bg('notify', 'preview', 'weather')).code).toBe(2);
  });

  it('shows a template of the folder in the place of the own one, and names what is wrong with it', async () => {
    const file = join(shell.folder, 'mail', 'live.text.hbs');
    writeFileSync(file, 'Hurrah, {{headline}}\n');
    expect((await shell.bg('notify', 'preview', 'live')).out).toContain('Hurrah, shop: v2.1 is live');
    expect((await shell.bg('notify', 'preview', 'failed')).out).not.toContain('Hurrah');
    writeFileSync(file, 'Hurrah, {{headlin}}\n');
    const { code, err } = await shell.bg('notify', 'preview', 'live');
    expect([code, err]).toEqual([1, expect.stringMatching(/live\.text\.hbs.*headlin/)]);
    const checked = await shell.bg('config', 'check');
    expect([checked.code, checked.out]).toEqual([5, expect.stringContaining('live.text.hbs')]);
    writeFileSync(file, 'Hurrah, {{headline}}\n');
    const stranger = join(shell.folder, 'mail', 'lvie.text.hbs');
    writeFileSync(stranger, 'x');
    expect((await shell.bg('config', 'check')).out).toContain('lvie.text.hbs is no template of mail');
    rmSync(stranger);
  });
});

describe('bg notify test', () => {
  it('sends one real mail, and says so', async () => {
    const { code, out } = await shell.bg('notify', 'test', '--to', 'alice');
    expect([code, out]).toEqual([0, expect.stringContaining('has taken it for alice@example.com')]);
    expect(server.received.map(({ to, raw }) => [to, header(raw, 'Subject')])).toEqual([
      [['alice@example.com'], 'Test: shop: v2.1 is live'],
    ]);
  });

  it('says who is missing, and what the server answered', async () => {
    expect((await shell.bg('notify', 'test', '--to', 'dave')).err).toContain('no person in people has the id "dave"');
    expect((await shell.bg('notify', 'test', '--to', 'bob')).err).toContain('bob has no email in people');
    expect((await shell.bg('notify', 'test')).code).toBe(2);
    await server.close();
    const { code, out } = await shell.bg('notify', 'test', '--to', 'alice');
    expect([code, out]).toEqual([1, expect.stringContaining('ECONNREFUSED')]);
  });
});
