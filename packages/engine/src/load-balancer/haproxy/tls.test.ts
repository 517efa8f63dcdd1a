// The same over TLS and HTTP/2 on the users' side: a hundred switches, nothing lost, nothing stale.

import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { type ClientHttp2Session, connect } from 'node:http2';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { freePort } from '../../lib/testing/ports.ts';
import { haproxyStage, routingOf } from './testing.ts';

test('a hundred switches over TLS and HTTP/2 lose no request and leave none with the side before', async () => {
  const port = await freePort();
  const stage = await haproxyStage({
    settings: (folder) => ({
      mode: 'managed',
      program: 'haproxy',
      tls: { listen: { host: '127.0.0.1', port }, certificate: makeCertificate(folder) },
    }),
  });
  await stage.balancer.ensure();
  const session = connect(`https://localhost:${port}`, { ca: readFileSync(join(stage.folder, 'cert.pem')) });
  session.on('error', () => {});
  try {
    await stage.balancer.apply(routingOf(1, { active: 'blue' }), 1);
    const sides = ['blue'];
    let settled = 0;
    let over = false;
    let requests = 0;
    const wrong: string[] = [];
    const users = Array.from({ length: 8 }, async () => {
      while (!over) {
        const first = settled;
        const side = await ask(session).catch((thrown: unknown) => String(thrown));
        requests++;
        if (!sides.slice(first).includes(side)) wrong.push(side);
        await delay(2);
      }
    });
    for (let generation = 2; generation < 102; generation++) {
      const active = generation % 2 === 0 ? 'green' : 'blue';
      sides.push(active);
      await stage.balancer.apply(routingOf(generation, { active }), 1);
      settled = sides.length - 1;
      await delay(10);
    }
    over = true;
    await Promise.all(users);
    expect(wrong).toEqual([]);
    expect(requests).toBeGreaterThan(500);
    expect(stage.backends.blue.lastHeaders()['x-forwarded-proto']).toBe('https');
  } finally {
    session.destroy();
    await stage.dispose();
  }
});

function makeCertificate(folder: string): string {
  const [key, cert, both] = ['key.pem', 'cert.pem', 'site.pem'].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ];
  const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost'];
  const argv = [
    'req',
    '-x509',
    '-newkey',
    'rsa:2048',
    '-nodes',
    '-days',
    '2',
    '-keyout',
    key,
    '-out',
    cert,
    ...subject,
  ];
  execFileSync('openssl', argv, { stdio: 'pipe' });
  execFileSync('sh', ['-c', 'umask 077; cat "$1" "$2" > "$3"', 'join', cert, key, both]);
  return both;
}

/** The side that answered. */
function ask(session: ClientHttp2Session): Promise<string> {
  return new Promise((resolve, reject) => {
    const stream = session.request({ ':path': '/', ':method': 'GET' });
    let body = '';
    stream.setEncoding('utf8').on('data', (text: string) => {
      body += text;
    });
    stream.on('error', reject);
    stream.on('close', () => {
      if (stream.rstCode !== 0) reject(new Error(`reset with ${stream.rstCode}`));
      else resolve(String((JSON.parse(body) as { slot: unknown }).slot));
    });
    stream.setTimeout(10_000, () => reject(new Error('no answer within 10 s')));
    stream.end();
  });
}
