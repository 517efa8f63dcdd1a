import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { BalancerSpec } from '../load-balancer.ts';
import { proxyFiles, proxySpec, specText } from './spec-file.ts';

const at = (port: number) => ({ host: '127.0.0.1', port });
const spec: BalancerSpec = {
  service: 'shop',
  target: 'production',
  listen: at(8080),
  upstreams: { blue: [at(8001)], green: [at(8002)] },
  sticky: { by: 'cookie', name: 'bg_bucket' },
  preview: undefined,
  allow: undefined,
  requestTimeoutMs: 5_000,
  drainSpreadMs: 0,
};

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bg-spec-'));
});

afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

test('a side with one instance is written as before sides could have several, under the same digest', () => {
  const written = writtenFor(spec);
  expect(written.upstreams).toEqual({ blue: at(8001), green: at(8002) });
  // Of the text without folders that the version before wrote.
  expect(written.digest).toBe('703831a6324dcdd4688cdd28599035fe7ccd9f7fa9f269def01ac433288f42d6');
});

test('several instances are written in their order, and change the digest', () => {
  const written = writtenFor({ ...spec, upstreams: { blue: [at(8001), at(8011)], green: [at(8002)] } });
  expect(written.upstreams).toEqual({ blue: [at(8001), at(8011)], green: at(8002) });
  expect(written.digest).not.toBe(writtenFor(spec).digest);
});

function writtenFor(wanted: BalancerSpec): { readonly upstreams: unknown; readonly digest: string } {
  const files = proxyFiles(folder, wanted);
  writeFileSync(files.nonce, 'nonce-of-the-test-of-the-spec-file');
  const paths = { ...files, socket: '/srv/bg/p.sock', routing: '/srv/bg/routing.json' };
  return JSON.parse(specText(proxySpec(wanted, paths, false)));
}
