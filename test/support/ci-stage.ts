// The way from CI to users on one machine: bot and receiver as processes, the Slack simulator, a server of archives.

import { createHmac, randomUUID } from 'node:crypto';
import { cpSync, readdirSync, readFileSync, renameSync, statSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { join, resolve } from 'node:path';
import type { Engine } from '@bg/engine';
import { freePorts } from '@bg/engine/test-kit';
import { buildManifest } from '../../apps/slack-bot/src/slack/manifest.ts';
import { gzipOf, sha256Of } from '../../packages/engine/src/releases/testing-archive.ts';
import { type Simulator, startSimulator } from '../../tools/simulator/index.ts';
import { type AppOptions, type AppProcess, startAppProcess } from '../../tools/stack/app-process.ts';
import { deployed, type Stage, setStage } from './stage.ts';

export interface CiStage {
  readonly slack: Simulator;
  /** A look at the state that the processes drive. */
  readonly engine: Engine;
  /** Where users connect. */
  readonly front: string;
  readonly releases: string;
  /** Paths that were fetched from the server of archives, in order. */
  fetched(): readonly string[];
  /** Packs the files of a version of the shop as `v2.<number>`. */
  build(number: number, files: string): Promise<{ readonly sha256: string }>;
  eventOf(number: number, sha256: string, conclusion?: 'success' | 'failure'): string;
  /** As GitHub would; resolves with the status of the answer. */
  deliver(event: string, options?: { readonly secret?: string }): Promise<number>;
  strike(): Promise<void>;
}

const secret = 'github-webhook-secret-of-a-test';
const readyMs = 40_000;

export async function setCiStage(): Promise<CiStage> {
  const archives = new Map<string, Buffer>();
  const fetched: string[] = [];
  const server = createServer(({ url = '' }, response) => {
    const archive = archives.get(url);
    fetched.push(url);
    response.writeHead(archive === undefined ? 404 : 200, { 'content-length': archive?.length ?? 0 }).end(archive);
  });
  const from = await listen(server);
  const stage = await setStage({ service: serviceText(from), target: '        canary: []\n        bake: 1s\n' });
  const built = join(stage.folder, 'built');
  renameSync(join(stage.folder, 'releases', 'shop'), built);
  const releases = join(stage.folder, 'releases', 'shop');
  cpSync(join(built, 'v1.0'), join(releases, 'v1.0'), { recursive: true });
  const { slack, hooks, apps } = await startApps(stage);
  const engine = stage.open();
  await deployed(engine, 'v1.0');
  return {
    slack,
    engine,
    front: stage.front,
    releases,
    fetched: () => fetched,
    build: async (number, files) => {
      const archive = await archiveOf(join(built, files));
      archives.set(`/shop-v2.${number}.tar.gz`, archive);
      return { sha256: sha256Of(archive) };
    },
    eventOf,
    deliver: (event, { secret: by = secret } = {}) => deliver(hooks, event, by),
    strike: async () => {
      for (const app of apps.toReversed()) await app.stop();
      await stage.strike();
      await slack.close();
      server.closeAllConnections();
      server.close();
    },
  };
}

/** The workflow's run-name carries the digest of what it built. */
function serviceText(from: string): string {
  return `
    artifacts:
      hosts: [{ name: ${JSON.stringify(new URL(from).host)}, http: true, privateAddresses: true }]
    builds:
      - host: github
        repository: acme/shop
        workflow: Release
        branch: main
        version: "v2.{runNumber}"
        artifact: { url: "${from}/shop-{version}.tar.gz", sha256: $.workflow_run.display_title }
`;
}

async function startApps({ settings, folder }: Stage) {
  const [bot = 0, receiver = 0] = await freePorts(2);
  const url = `http://127.0.0.1:${bot}`;
  const slackSecrets = { signingSecret: 'simulator-signing-secret', botToken: 'xoxb-simulator-test' };
  const slack = await startSimulator({
    ...slackSecrets,
    manifest: buildManifest({ url }),
    appUrl: `${url}/slack/events`,
  });
  const start = (app: AppOptions['app'], port: number, variables: AppOptions['variables']): AppProcess =>
    startAppProcess({
      app,
      port,
      logFile: join(folder, `${app}.log`),
      say: (sentence) => console.log(sentence),
      variables: { ...variables, PORT: String(port), BLUEGREEN_CONFIG: settings.file },
    });
  const apps = [
    start('slack-bot', bot, {
      SLACK_BOT_TOKEN: slackSecrets.botToken,
      SLACK_SIGNING_SECRET: slackSecrets.signingSecret,
      SLACK_API_URL: slack.apiUrl,
    }),
    start('webhook', receiver, { GITHUB_WEBHOOK_SECRET: secret }),
  ];
  for (const app of apps) await app.ready(readyMs);
  return { slack, hooks: `http://127.0.0.1:${receiver}`, apps };
}

async function archiveOf(folder: string): Promise<Buffer> {
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' }).toSorted();
  const files = names.filter((name) => statSync(join(folder, name)).isFile());
  return gzipOf(files.map((name) => ({ name, body: readFileSync(join(folder, name)) })));
}

const payload = resolve(
  import.meta.dirname,
  '../../apps/webhook/src/testing/payloads/github/workflow-run-success.json',
);

/** A later run of the same workflow, of a later commit. */
function eventOf(number: number, sha256: string, conclusion = 'success'): string {
  const event = JSON.parse(readFileSync(payload, 'utf8'));
  const commit = String(number).padStart(40, 'c');
  const timestamp = new Date(Date.now() - 60_000 + number).toISOString();
  Object.assign(event.workflow_run, { id: 7_913_000_000 + number, run_number: number, display_title: sha256 });
  Object.assign(event.workflow_run, { head_sha: commit, conclusion });
  const author = { name: 'Alice Adams', email: 'alice@example.com' };
  Object.assign(event.workflow_run.head_commit, { id: commit, timestamp, author });
  return JSON.stringify(event);
}

async function deliver(hooks: string, event: string, by: string): Promise<number> {
  const answer = await fetch(`${hooks}/hooks/github`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'x-github-event': 'workflow_run',
      'x-github-delivery': randomUUID(),
      'x-hub-signature-256': `sha256=${createHmac('sha256', by).update(event).digest('hex')}`,
    },
    body: event,
    signal: AbortSignal.timeout(readyMs),
  });
  await answer.arrayBuffer();
  return answer.status;
}

async function listen(server: Server): Promise<string> {
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const address = server.address();
  return `http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`;
}
