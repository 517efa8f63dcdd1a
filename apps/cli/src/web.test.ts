// `bg web`: the page without the bot.

import { freePort } from '@bg/engine/test-kit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openShell, type Shell } from './testing/shell.ts';

let shell: Shell;
beforeAll(async () => {
  shell = await openShell();
});
afterAll(() => shell.close());

describe('bg web', { timeout: 120_000 }, () => {
  it('serves the page to who has the link, and ends with the signal', async () => {
    const port = await freePort();
    const started = shell.start(['web', '--listen', `127.0.0.1:${port}`, '--json']);
    await started.shows('address');
    const started2 = shell.start(['web', '--listen', `127.0.0.1:${port}`]);
    const refused = await started2.ended;
    expect({ code: refused.code, out: refused.out }).toEqual({ code: 1, out: '' });
    expect(refused.err).toContain('--listen');
    expect((await fetch(`http://127.0.0.1:${port}/`)).status).toBe(401);
    started.child.kill('SIGTERM');
    const { code, json } = await started.ended;
    expect(code).toBe(0);
    expect(json().address).toMatch(new RegExp(`^http://127\\.0\\.0\\.1:${port}/\\?token=[\\w-]{24}$`));
  });

  it('is open for the token in the link', async () => {
    const port = await freePort();
    const started = shell.start(['web', '--listen', String(port), '--json']);
    let out = '';
    started.child.stdout?.on('data', (piece) => {
      out += piece;
    });
    await started.shows('token=');
    const first = await fetch(JSON.parse(out).address, { redirect: 'manual' });
    const cookie = first.headers.get('set-cookie')?.split(';')[0] ?? '';
    const page = await fetch(`http://127.0.0.1:${port}/`, { headers: { cookie } });
    expect(await page.text()).toContain('shop/production');
    started.child.kill('SIGTERM');
    expect((await started.ended).code).toBe(0);
  });

  it.each(['nowhere', '127.0.0.1', '70000', 'http://x:1'])('does not listen on %s', async (listen) => {
    const { code, err } = await shell.bg('web', '--listen', listen);
    expect({ code, err }).toEqual({ code: 2, err: expect.stringContaining('--listen') });
  });
});
