// A certificate for `localhost` that is its own authority, for one run.

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { command } from './program.ts';

export interface Certificate {
  /** Certificate and key in one file, as HAProxy wants it and nginx takes it. */
  readonly file: string;
  readonly authority: string;
}

export async function makeCertificate(folder: string): Promise<Certificate> {
  const [key, cert, file] = [join(folder, 'key.pem'), join(folder, 'cert.pem'), join(folder, 'site.pem')];
  const kind = ['-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'];
  const name = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost'];
  await command(['openssl', 'req', ...kind, ...name, '-keyout', key, '-out', cert], folder);
  const authority = readFileSync(cert, 'utf8');
  writeFileSync(file, `${authority}${readFileSync(key, 'utf8')}`, { mode: 0o600 });
  return { file, authority };
}
