// One suite of raw requests for all drivers. They treat each request alike, or the difference is documented.

import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { systemClock } from '../../lib/clock.ts';
import { silentLog } from '../../lib/log.ts';
import { freePort } from '../../lib/testing/ports.ts';
import type { CountingBalancer } from '../capabilities.ts';
import { createEmbeddedBalancer } from '../embedded/driver.ts';
import { createHaproxyBalancer } from '../haproxy/driver.ts';
import type { BalancerSpec } from '../load-balancer.ts';
import { createNginxBalancer } from '../nginx/driver.ts';
import {
  type ConformanceCase,
  type DriverName,
  healthPath,
  otherTrustedAddress,
  previewHost,
  previewToken,
  trustedAddress,
} from './case.ts';
import { forwardedCases } from './forwarded-cases.ts';
import { messageCases, wideCases } from './message-cases.ts';
import { exchange, statusOf } from './raw.ts';
import { userCases } from './user-cases.ts';
import { startWitness, type Witness } from './witness.ts';

const drivers = ['embedded', 'nginx', 'haproxy'] as const satisfies readonly DriverName[];
const conformanceCases = [...userCases, ...forwardedCases, ...messageCases];
const folder = mkdtempSync(join(tmpdir(), 'bg-conf-'));
const balancers = new Map<DriverName, { readonly balancer: CountingBalancer; readonly port: number }>();
let witness: Witness;

beforeAll(async () => {
  witness = await startWitness();
  for (const name of drivers) {
    const port = await freePort();
    const balancer = create(name, specFor(port));
    balancers.set(name, { balancer, port });
    await balancer.ensure();
    await balancer.apply({ generation: 1, active: 'blue', canary: undefined, preview: 'green' }, 1);
  }
});
afterAll(async () => {
  for (const { balancer } of balancers.values()) await balancer.shutdown();
  await witness.close();
  rmSync(folder, { recursive: true, force: true });
});

test('the drivers treat the same bytes alike, except where a difference is documented', async () => {
  const rows = await differences(conformanceCases);
  const raw = `${conformanceCases.length} raw requests to ${drivers.length} drivers`;
  console.info(`${raw}, undocumented differences: ${rows.length}`);
  expect([title, ...rows].join('\n')).toBe(title);
}, 240_000);

test('all drivers follow a changed limit of heads', async () => {
  for (const name of drivers) {
    const port = balancers.get(name)?.port ?? 0;
    const balancer = create(name, { ...specFor(port), maxHeaderBytes: 65_536 });
    balancers.set(name, { balancer, port });
    await balancer.ensure();
  }
  expect([title, ...(await differences(wideCases))].join('\n')).toBe(title);
}, 240_000);

test('without a live release the health of the balancer is 503', async () => {
  for (const { balancer, port } of balancers.values()) {
    await balancer.apply({ generation: 2, active: undefined, canary: undefined, preview: undefined }, 1);
    const asked = `GET ${healthPath} HTTP/1.1\r\nHost: shop.example\r\nConnection: close\r\n\r\n`;
    expect(statusOf(await exchange({ port }, asked))).toBe('503');
  }
});

test('the table in docs/balancers.md says what differs', () => {
  const rows = conformanceCases
    .filter(({ differs }) => differs !== undefined)
    .map(({ name, expected, differs = {}, why }) => {
      const others = Object.entries(differs).map(([driver, made]) => `${driver}: ${shown(made)}`);
      return `| ${name} | ${shown(expected)} | ${others.join('; ')} | ${why} |`;
    });
  const table = ['| request | all others | differs | why |', '| --- | --- | --- | --- |', ...rows].join('\n');
  const documented = readFileSync(new URL('../../../../../docs/balancers.md', import.meta.url), 'utf8');
  expect(documented).toContain(`\n${table}\n`);
});

const title = 'case | driver | made of it | expected';
const shown = (outcome: string): string => `\`${outcome}\``;

async function differences(cases: readonly ConformanceCase[]): Promise<readonly string[]> {
  const rows: string[] = [];
  for (const each of cases) {
    const made = await outcomes(each);
    for (const name of drivers) {
      const wanted = each.differs?.[name] ?? each.expected;
      if (made[name] !== wanted) rows.push(`${each.name} | ${name} | ${made[name]} | ${wanted}`);
    }
  }
  return rows;
}

async function outcomes({ bytes, trusted, show }: ConformanceCase): Promise<Record<DriverName, string>> {
  const made: Partial<Record<DriverName, string>> = {};
  for (const name of drivers) {
    witness.taken();
    const from = trusted ? trustedAddress : undefined;
    const answer = await exchange({ port: balancers.get(name)?.port ?? 0, from }, bytes);
    made[name] = show({ status: statusOf(answer), answer, seen: witness.taken() });
  }
  return made as Record<DriverName, string>;
}

function specFor(port: number): BalancerSpec {
  const host = '127.0.0.1';
  const upstream = { host, port: witness.port };
  return {
    service: 'shop',
    target: 'production',
    listen: { host, port },
    upstreams: { blue: [upstream], green: [upstream] },
    sticky: { by: 'cookie', name: 'bg_bucket' },
    preview: { header: 'X-Preview', cookie: 'bg_preview', token: previewToken, host: previewHost },
    allow: undefined,
    requestTimeoutMs: 5_000,
    drainSpreadMs: 0,
    trustedProxies: [`${trustedAddress}/32`, otherTrustedAddress],
    healthPath,
  };
}

function create(name: DriverName, spec: BalancerSpec): CountingBalancer {
  const common = { spec, folder: join(folder, name), clock: systemClock, log: silentLog };
  const proxyEntry = fileURLToPath(new URL('../../../../../apps/proxy/src/main.ts', import.meta.url));
  switch (name) {
    case 'embedded':
      return createEmbeddedBalancer({ ...common, node: process.execPath, proxyEntry });
    case 'haproxy':
      return createHaproxyBalancer({
        ...common,
        node: process.execPath,
        settings: { mode: 'managed', program: 'haproxy', tls: undefined },
      });
    case 'nginx':
      return createNginxBalancer({ ...common, settings: { mode: 'managed', program: 'nginx', tls: undefined } });
    default:
      return name satisfies never;
  }
}
