// The entry point to a release that no user has seen yet.

import { expect, test } from 'vitest';
import { previewToken, type Stage } from './stage.ts';
import { type Call, sideOf } from './user.ts';

const header = (token: string) => ({ headers: { 'x-preview-token': token } });

export function tokenContract(stage: () => Stage): void {
  const cookie = (token: string) => ({ headers: { cookie: `a=b; bg_preview=${token}; c=d` } });

  test('only the right token reaches the preview, by header or by cookie, and the service never sees it', async () => {
    await stage().route({ active: 'blue', preview: 'green' });
    for (const desired of [header, cookie]) {
      const reply = await stage().user(desired(previewToken));
      expect([sideOf(reply), reply.headers['x-served-by']]).toEqual(['green', 'green']);
      expect(reply.headers['cache-control']).toBe('private, no-store');
      expect(reply.headers.vary).toContain('x-preview-token');
      expect(JSON.stringify(stage().backends.green.lastHeaders())).not.toContain(previewToken);
      for (const wrong of [`${previewToken}x`, previewToken.slice(0, -1), '', previewToken.toUpperCase()]) {
        expect(sideOf(await stage().user(desired(wrong)))).toBe('blue');
      }
    }
    expect(JSON.stringify(stage().backends.blue.lastHeaders())).not.toContain('preview');
  });
}

export function previewContract(stage: () => Stage): void {
  test('the preview can also be reached by host name; the service sees the name without the token', async () => {
    await stage().route({ active: 'blue', preview: 'green' });
    const byHost = (host: string) => stage().user({ headers: { host } });
    const reply = await byHost(`${previewToken}.Preview.example.com:8080`);
    expect([sideOf(reply), reply.headers['cache-control']]).toEqual(['green', 'private, no-store']);
    expect(stage().backends.green.lastHeaders().host).toBe('preview.example.com:8080');
    expect(JSON.stringify(stage().backends.green.lastHeaders())).not.toContain(previewToken);
    for (const wrong of ['preview.example.com', `x${previewToken}.preview.example.com`, `${previewToken}.example.com`])
      expect(sideOf(await byHost(wrong))).toBe('blue');
  });

  test('the preview can be reached before any release is active', async () => {
    await stage().route({ preview: 'green' });
    expect(sideOf(await stage().user(header(previewToken)))).toBe('green');
    expect((await stage().user()).status).toBe(503);
  });
}

/** Of a driver that has weights, too. */
export function namedUsersContract(stage: () => Stage): void {
  test('named users see the new side before any share is given, and only as long as there is one', async () => {
    const { user, route, spec } = stage();
    const named = (spec.allow?.values ?? []).map((value) => ({ headers: { 'x-user': value } }));
    const others = ['tester', 'tester@example.com.evil', 'TESTER@example.com', ''].map((value) => ({
      headers: { 'x-user': value },
    }));
    const sidesOf = async (calls: readonly Call[]) => [
      ...new Set(await Promise.all(calls.map(async (desired) => sideOf(await user(desired))))),
    ];
    await route({ active: 'blue', preview: 'green' });
    expect([await sidesOf(named), await sidesOf(others)]).toEqual([['green'], ['blue']]);
    await route({ active: 'blue', canary: { slot: 'green', percent: 0 } });
    expect([await sidesOf(named), await sidesOf(others)]).toEqual([['green'], ['blue']]);
    await route({ active: 'blue' });
    expect(await sidesOf(named)).toEqual(['blue']);
  });
}
