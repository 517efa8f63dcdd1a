import { describe, expect, it } from 'vitest';
import { createRedact, redactDeep, redactYaml } from './redact.ts';

const redact = createRedact(['correct-horse', 'horse']);
const planted = 'pl4nted';

describe('a text', () => {
  it.each([
    'the password is correct-horse',
    `DATABASE_URL=postgres://bob:${planted}@db:5432/shop`,
    `connecting to postgres://bob:${planted}@db:5432/shop?ssl=1`,
    `redis://:${planted}@cache`,
    `Authorization: Bearer ${planted}, ${planted}`,
    `"authorization": "Basic ${planted}"`,
    `cookie: bg_preview=${planted}; session=${planted}`,
    `x-bluegreen-token: ${planted}`,
    `{"password":"${planted}","user":"bob"}`,
    `api_key=${planted}&x=1`,
    `GET /hook?token=${planted} HTTP/1.1`,
    `STRIPE_SECRET_KEY: '${planted} ${planted}'`,
    `sent Bearer ${planted}.${planted}`,
    `xoxb-1234-${planted}`,
    `ghp_${planted.repeat(5)}`,
    `https://hooks.slack.com/services/T0/B0/${planted}`,
    `-----BEGIN PRIVATE KEY-----\n${planted}\n-----END PRIVATE KEY-----`,
  ])('%s', (text) => {
    expect(redact(text)).not.toMatch(/pl4nted|horse/);
    expect(redact(text)).toContain('***');
  });

  it('that holds none stays as it is', () => {
    for (const text of [
      'v2.1 in green ended (exit code 3): cannot open /etc/shop.conf',
      'listening on http://127.0.0.1:8001',
      '2026-03-07T14:00:00Z 10 % of users to v2.1, generation 7',
      `digest ${'ab12'.repeat(16)}`,
    ])
      expect(redact(text)).toBe(text);
  });

  it('of a megabyte is cleaned in time', () => {
    const began = performance.now();
    redact(`${'a:'.repeat(100_000)} ${'token='.repeat(50_000)} ${'x-'.repeat(100_000)} ${'http://'.repeat(50_000)}`);
    expect(performance.now() - began).toBeLessThan(30_000);
  });
});

it('a value is cleaned in every depth, and its shape stays', () => {
  const value = { a: [{ token: planted, n: 1 }], 'x-api-key': planted, text: 'horse', nothing: null, is: true };
  expect(redactDeep(value, redact)).toEqual({
    a: [{ token: '***', n: 1 }],
    'x-api-key': '***',
    text: '***',
    nothing: null,
    is: true,
  });
});

it('a configuration keeps its keys and lines, also where it is damaged', () => {
  const text = `state: /var/lib/bg
services:
  shop:
    command: [node, server.mjs]
    env:
      CURRENCY: ${planted}
      KEY: |
        ${planted}
    targets:
      production:
        slots: { blue: { port: 8001 } }
        env: { A: ${planted} }
        database: { url: "postgres://bob:${planted}@db/shop" }
        health:
          headers:
            X-Check: ${planted}
          path: /health
hooks:
  - name: ci
    secret: ${planted}
    signingSecret: "${planted}"
  tokens:
    - ${planted}
 broken: [ {
`;
  const clean = redactYaml(text, redact);
  expect(clean).not.toContain(planted);
  expect(clean.split('\n')).toHaveLength(text.split('\n').length);
  for (const kept of [
    'state: /var/lib/bg',
    'command: [node, server.mjs]',
    'CURRENCY:',
    'port: 8001',
    'path: /health',
    'name: ci',
    ' broken: [ {',
  ])
    expect(clean).toContain(kept);
});
