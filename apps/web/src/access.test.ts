// Who gets in, and what those get who do not.

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ask, bearer, type Served, served, token } from './testing/served.ts';

let page: Served;
beforeAll(async () => {
  page = await served();
});
afterAll(async () => {
  await page.close();
  await page.stage.strike();
});

const wrong = 'not-the-token-at-all';
const pages = ['/', '/history', '/audit', '/report', '/targets/shop/production', '/deployments/d_1', '/nothing'];
const programs = ['/api/status', '/api/audit', '/api/events', '/api/audit/standing', '/api/nothing'];

describe('without a token', () => {
  it.each(pages)('%s asks for it, and shows nothing', async (path) => {
    const { status, text } = await page.get(path);
    expect(status).toBe(401);
    expect(text).toContain('Sign in');
    expect(text).not.toContain('production</');
  });

  it.each(programs)('%s says how to send it', async (path) => {
    const { status, headers, text } = await page.get(path);
    expect({ status, scheme: headers['www-authenticate'] }).toEqual({ status: 401, scheme: 'Bearer' });
    expect(JSON.parse(text).error.code).toBe('unauthenticated');
  });

  it.each([
    { cookie: `bg_web=${token}` },
    { cookie: `bg_web=; bg_web=${'0'.repeat(64)}` },
    { authorization: 'Bearer ' },
    { authorization: `Basic ${Buffer.from(`x:${token}`).toString('base64')}` },
    { 'x-forwarded-user': 'alice' },
  ])('%o is none', async (headers) => {
    expect((await page.get('/api/status', headers as Record<string, string>)).status).toBe(401);
  });
});

describe('with the token', () => {
  it('in a header, everything is shown', async () => {
    expect((await page.get('/', bearer)).text).toContain('shop/production');
    expect(JSON.parse((await page.get('/api/status', bearer)).text).targets[0].service).toBe('shop');
  });

  it('in a link, it becomes a cookie and leaves the address', async () => {
    const first = await page.get(`/history?outcome=failed&token=${token}`);
    expect({ status: first.status, to: first.headers.location }).toEqual({
      status: 303,
      to: '/history?outcome=failed',
    });
    const [cookie = ''] = first.headers['set-cookie'] ?? [];
    expect(cookie).toMatch(/; HttpOnly; SameSite=Lax$/);
    expect(cookie).not.toContain(token);
    expect((await page.get('/history', { cookie: cookie.split(';')[0] ?? '' })).status).toBe(200);
  });

  it.each(['//evil.example/x', '/\\evil.example', 'https://evil.example/'])(
    'signing in never leads to %s',
    async (to) => {
      const body = new URLSearchParams({ token, to }).toString();
      const { status, headers } = await ask(page.port, { path: '/sign-in', method: 'POST', body });
      expect({ status, to: headers.location }).toEqual({ status: 303, to: '/' });
    },
  );
});

it('a page below a path is linked below it', async () => {
  const other = await served({ publicUrl: 'https://ops.example/deploy' });
  try {
    const first = await other.get(`/deploy/history?token=${token}`);
    expect(first.headers.location).toBe('/deploy/history');
    expect(String(first.headers['set-cookie'])).toContain('; Secure');
    const { text } = await other.get('/deploy/', bearer);
    const addresses = [...text.matchAll(/(?:href|src)="(\/[^"]*)"/g)].map(([, address]) => address);
    expect(addresses.length).toBeGreaterThan(5);
    expect(addresses.filter((address) => !address?.startsWith('/deploy/'))).toEqual([]);
  } finally {
    await other.close();
    await other.stage.strike();
  }
});

describe('a proxy that signs people in', () => {
  it('counts from its address, and is the only way in where there is no token', async () => {
    const other = await served({ token: undefined, trustedHeader: 'x-forwarded-user' });
    try {
      expect((await other.get('/', { 'x-forwarded-user': 'alice@example.com' })).text).toContain('alice@example.com');
      for (const headers of [{}, { 'x-forwarded-user': '  ' }, bearer])
        expect((await other.get('/', headers as Record<string, string>)).status).toBe(401);
    } finally {
      await other.close();
      await other.stage.strike();
    }
  });

  it('does not count from elsewhere', async () => {
    const other = await served({ trustedHeader: 'x-forwarded-user', trustedProxies: ['10.9.8.7'] });
    try {
      expect((await other.get('/', { 'x-forwarded-user': 'alice' })).status).toBe(401);
      expect((await other.get('/', bearer)).status).toBe(200);
    } finally {
      await other.close();
      await other.stage.strike();
    }
  });
});

it('a source that guesses has to wait, and does not lock out who is in', async () => {
  const other = await served();
  try {
    const { cookie = '' } = {
      cookie: String((await other.get(`/?token=${token}`)).headers['set-cookie']).split(';')[0],
    };
    const answers: number[] = [];
    for (let attempt = 0; attempt < 20; attempt += 1)
      answers.push((await other.get('/', { authorization: `Bearer ${wrong}-${attempt}` })).status);
    expect(answers.slice(0, 10)).toEqual(Array.from({ length: 10 }, () => 401));
    expect(answers.slice(12)).toEqual(Array.from({ length: 8 }, () => 429));
    const refused = await other.get('/api/status', { authorization: `Bearer ${wrong}` });
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0);
    expect((await other.get('/', { cookie })).status).toBe(200);
  } finally {
    await other.close();
    await other.stage.strike();
  }
});

it('without a token that is long enough, nothing is served', async () => {
  await expect(served({ token: { value: 'short' } })).rejects.toThrow('at least 16');
  await expect(served({ token: { value: undefined } })).rejects.toThrow('is not given to this process');
});
