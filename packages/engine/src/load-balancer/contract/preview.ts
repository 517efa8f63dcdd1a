// The door to a release that no user has seen yet.

import { expect, test } from 'vitest';
import { previewToken, type Stage } from './stage.ts';
import { sideOf } from './user.ts';

export function previewContract(stage: () => Stage): void {
  const header = (token: string) => ({ headers: { 'x-preview-token': token } });
  const cookie = (token: string) => ({ headers: { cookie: `a=b; bg_preview=${token}; c=d` } });

  test('only the right token reaches the preview, by header or by cookie, and the service never sees it', async () => {
    await stage().route({ active: 'blue', preview: 'green' });
    for (const wish of [header, cookie]) {
      const reply = await stage().user(wish(previewToken));
      expect([sideOf(reply), reply.headers['x-served-by']]).toEqual(['green', 'green']);
      expect(reply.headers['cache-control']).toBe('private, no-store');
      expect(reply.headers.vary).toContain('x-preview-token');
      expect(JSON.stringify(stage().backends.green.lastHeaders())).not.toContain(previewToken);
      for (const wrong of [`${previewToken}x`, previewToken.slice(0, -1), '', previewToken.toUpperCase()]) {
        expect(sideOf(await stage().user(wish(wrong)))).toBe('blue');
      }
    }
    expect(JSON.stringify(stage().backends.blue.lastHeaders())).not.toContain('preview');
  });

  test('the preview can be reached before any release is active', async () => {
    await stage().route({ preview: 'green' });
    expect(sideOf(await stage().user(header(previewToken)))).toBe('green');
    expect((await stage().user()).status).toBe(503);
  });
}
