// The secret of the receiver from a file: it proves deliveries, and is in no environment that another process can read.

import { randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { setStage } from '../../../test/support/stage.ts';
import { start, startReceiver } from './testing/receiver.ts';
import { signedStandardly } from './testing/signing.ts';

const secret = `whsec_${randomBytes(32).toString('base64')}`;

it('is read from WEBHOOK_SECRET_FILE and is not in /proc/<pid>/environ', { timeout: 90_000 }, async () => {
  const stage = await setStage();
  const file = join(stage.folder, 'webhook-secret');
  writeFileSync(file, `${secret}\n`, { mode: 0o600 });
  const receiver = await startReceiver(stage, [], { WEBHOOK_SECRET_FILE: file });
  try {
    const body = Buffer.from(JSON.stringify({ service: 'shop', version: 'v1.0' }));
    const deliver = async (key: string): Promise<number> => {
      const headers = signedStandardly(key, body, `id-${key.length}-${Date.now()}`);
      return (await fetch(`${receiver.url}/hooks/generic`, { method: 'POST', body, headers })).status;
    };
    expect(await deliver(`whsec_${randomBytes(32).toString('base64')}`)).toBe(401);
    expect(await deliver(secret)).toBeLessThan(300);
    const environment = readFileSync(`/proc/${receiver.child.pid}/environ`, 'utf8');
    expect(environment).toContain('WEBHOOK_SECRET_FILE=');
    expect(environment).not.toContain(secret);
  } finally {
    receiver.child.kill('SIGKILL');
    await receiver.ended;
    await stage.strike();
  }
});

it('exits with an error that names a file it cannot read', async () => {
  const started = start({ WEBHOOK_SECRET_FILE: '/nowhere/secret' });
  expect(await started.ended).toBe(1);
  expect(started.output()).toContain('WEBHOOK_SECRET_FILE names /nowhere/secret, which cannot be read');
});
