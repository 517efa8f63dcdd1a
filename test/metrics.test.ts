// /metrics scraped by a real Prometheus during a deployment under load; the alert rules and the dashboard are held against
// what is really served.

import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { serveMetrics, silentLog } from '@bg/engine';
import { freePorts } from '@bg/engine/test-kit';
import { describe, expect, it } from 'vitest';
import { alice, bob, deployed, eventually, finished, onStage, until, value } from './support/stage.ts';
import { startUsers } from './support/users.ts';

const hasPrometheus = existsSync('/usr/bin/prometheus');
const monitoring = join(import.meta.dirname, '../deploy/monitoring');
const rulesFile = join(monitoring, 'alerts.yml');

const promtool = (...args: readonly string[]) => {
  const { status, stdout, stderr } = spawnSync('promtool', args, {
    cwd: monitoring,
    encoding: 'utf8',
    timeout: 60_000,
  });
  return { status, output: stdout + stderr };
};

/** Names of ours in an expression, as the text of /metrics has them. */
const namesIn = (text: string): readonly string[] => [
  ...new Set(Array.from(text.matchAll(/\bbluegreen_[a-z0-9_]+/g), ([name]) => name.replace(/_bucket$/, ''))),
];

async function expressions(): Promise<readonly string[]> {
  const { panels } = JSON.parse(await readFile(join(monitoring, 'grafana-dashboard.json'), 'utf8')) as {
    readonly panels: readonly { readonly targets: readonly { readonly expr: string }[] }[];
  };
  return panels.flatMap(({ targets }) => targets.map(({ expr }) => expr));
}

interface Scraper {
  /** The values of an instant query, by their labels in one text. */
  query(expression: string): Promise<ReadonlyMap<string, number>>;
  /** Whether the last scrape was good. */
  problem(): Promise<string | undefined>;
  stop(): Promise<void>;
}

async function startPrometheus(folder: string, scraped: number): Promise<Scraper> {
  const [port = 0] = await freePorts(1);
  const file = join(folder, 'prometheus.yml');
  await writeFile(
    file,
    JSON.stringify({
      global: { scrape_interval: '200ms', evaluation_interval: '1s' },
      rule_files: [rulesFile],
      scrape_configs: [{ job_name: 'bluegreen', static_configs: [{ targets: [`127.0.0.1:${scraped}`] }] }],
    }),
  );
  const child: ChildProcess = spawn(
    '/usr/bin/prometheus',
    [`--config.file=${file}`, `--storage.tsdb.path=${join(folder, 'tsdb')}`, `--web.listen-address=127.0.0.1:${port}`],
    { stdio: 'ignore' },
  );
  const exit = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const ask = async <T>(path: string): Promise<T> =>
    ((await (await fetch(`http://127.0.0.1:${port}/api/v1/${path}`)).json()) as { readonly data: T }).data;
  await eventually(async () => (await fetch(`http://127.0.0.1:${port}/-/ready`).catch(() => undefined))?.ok === true);
  return {
    query: async (expression) => {
      interface Series {
        readonly metric: Readonly<Record<string, string>>;
        readonly value: readonly [number, string];
      }
      const { result } = await ask<{ readonly result: readonly Series[] }>(
        `query?query=${encodeURIComponent(expression)}`,
      );
      return new Map(
        result.map(({ metric, value: [, text] }) => [
          Object.values({ ...metric, __name__: '', job: '', instance: '' })
            .filter(Boolean)
            .join(' '),
          Number(text),
        ]),
      );
    },
    problem: async () => {
      interface Target {
        readonly health: string;
        readonly lastError: string;
      }
      const [target] = (await ask<{ readonly activeTargets: readonly Target[] }>('targets')).activeTargets;
      return target?.health === 'up' ? undefined : (target?.lastError ?? 'no target');
    },
    stop: async () => {
      child.kill('SIGTERM');
      await exit;
    },
  };
}

describe.skipIf(!hasPrometheus)('/metrics (needs Prometheus)', { timeout: 240_000 }, () => {
  it('is scraped through a canary, and says who serves, what both sides answer, and how it ended', () =>
    onStage(
      { target: '\n        canary: [{ percent: 50, approval: true }]\n        bake: 1s\n' },
      async (stage, engine) => {
        const server = await serveMetrics({ engine, address: { host: '127.0.0.1', port: 0 }, log: silentLog });
        const prometheus = await startPrometheus(stage.folder, server.port);
        try {
          await deployed(engine, 'v1.0');
          const users = startUsers(stage.front);
          const { id } = value(engine.deploy({ version: 'v2.1', actor: alice }));
          await until(engine, id, ({ observation }) => (observation?.canary.requests ?? 0) > 20);
          await eventually(async () => ((await prometheus.query('bluegreen_canary_requests')).size ?? 0) === 2);
          expect(await prometheus.query('bluegreen_users_ratio')).toEqual(
            new Map([
              ['shop blue production', 0.5],
              ['shop green production', 0.5],
            ]),
          );
          expect([...(await prometheus.query('max(bluegreen_deployment_waits_for_people)')).values()]).toEqual([1]);
          value(engine.approve({ id }, bob));
          await until(engine, id, finished);
          await eventually(
            async () =>
              (await prometheus.query('sum by (outcome) (bluegreen_deployments_total) > 0')).get('promoted') === 2,
          );
          expect(await prometheus.query('bluegreen_rollback_readiness == 1')).toEqual(
            new Map([['instant shop production', 1]]),
          );
          expect((await prometheus.query('bluegreen_canary_requests')).size).toBe(0);
          expect(await prometheus.problem()).toBeUndefined();
          const { sent, lost } = await users.stop(100);
          console.log(`${sent} requests, ${lost.length} lost`);
          expect(lost).toEqual([]);
          // Alerts and dashboard name only what is served.
          const { text } = await engine.metrics.read();
          const served = new Set(
            Array.from(text.matchAll(/^# TYPE (\S+) (\S+)/gm), ([, name, type]) =>
              type === 'counter' ? `${name}_total` : name,
            ),
          );
          const named = namesIn([...(await expressions()), await readFile(rulesFile, 'utf8')].join('\n'));
          expect(named.length).toBeGreaterThan(10);
          expect(named.filter((name) => !served.has(name))).toEqual([]);
        } finally {
          await prometheus.stop();
          await server.close();
        }
      },
    ));

  it('has alert rules that fire when they should, by promtool', () => {
    expect(promtool('check', 'rules', 'alerts.yml')).toMatchObject({ status: 0 });
    expect(promtool('test', 'rules', 'alerts.test.yml')).toMatchObject({ status: 0 });
  });

  it('has a dashboard whose queries Prometheus parses', () =>
    onStage({}, async (stage) => {
      const plain = (expression: string) => expression.replaceAll(/\$(service|target)/g, '.*');
      const rules = (await expressions()).map((expr, index) => ({
        record: `panel:number_${index}`,
        expr: plain(expr),
      }));
      expect(rules.length).toBeGreaterThan(10);
      const file = join(stage.folder, 'panels.json');
      await writeFile(file, JSON.stringify({ groups: [{ name: 'panels', rules }] }));
      expect(promtool('check', 'rules', file)).toMatchObject({ status: 0 });
    }));
});
