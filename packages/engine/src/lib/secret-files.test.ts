// NAME_FILE in the place of NAME.

import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { withSecretFiles } from './secret-files.ts';

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bg-secret-'));
  file = join(folder, 'secret');
  writeFileSync(file, 'of-the-file\n');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

it('gives what the file holds, without the end of its line', () => {
  const variables = withSecretFiles({ SLACK_BOT_TOKEN_FILE: file, SMTP_URL_FILE: file, PORT: '3000' });
  expect(variables).toMatchObject({ SLACK_BOT_TOKEN: 'of-the-file', SMTP_URL: 'of-the-file', PORT: '3000' });
});

it('does not touch the variables of other programs, or empty ones', () => {
  const variables = { SSL_CERT_FILE: '/nowhere', npm_config_token_FILE: '/nowhere', WEBHOOK_SECRET_FILE: ' ' };
  expect(withSecretFiles(variables)).toEqual(variables);
});

it('uses the variable itself where its file is not named', () => {
  expect(withSecretFiles({ WEBHOOK_SECRET: 'here', WEBHOOK_SECRET_FILE: '' }).WEBHOOK_SECRET).toBe('here');
});

it.each([
  [
    { WEBHOOK_SECRET_FILE: '/nowhere/secret' },
    /WEBHOOK_SECRET_FILE names \/nowhere\/secret, which cannot be read: ENOENT/,
  ],
  [{ WEBHOOK_SECRET_FILE: '/proc' }, /which is no file of at most 64 KB/],
  [{ WEBHOOK_SECRET_FILE: '/dev/null' }, /which is no file/],
])('refuses %o, unless it may be left out', (variables, sentence) => {
  expect(() => withSecretFiles(variables)).toThrow(sentence);
  expect(withSecretFiles(variables, 'leave-out')).toEqual(variables);
});

it('refuses an empty file, and a secret from both places without naming either', () => {
  expect(() => withSecretFiles({ WEBHOOK_SECRET: 'here', WEBHOOK_SECRET_FILE: file })).toThrow(
    'WEBHOOK_SECRET and WEBHOOK_SECRET_FILE are both set: leave one of them out',
  );
  writeFileSync(file, '\n');
  chmodSync(file, 0o600);
  expect(() => withSecretFiles({ WEBHOOK_SECRET_FILE: file })).toThrow(/which is empty/);
});
