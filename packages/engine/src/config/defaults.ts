// What holds when neither the service nor the target says anything, in the words of the file itself.

import { defaultTold } from './defaults-notify.ts';
import type { TargetFile } from './schema.ts';
import type { ServiceOptions } from './schema-options.ts';

type Canary = NonNullable<ServiceOptions['canary']>;
type SmokeTests = NonNullable<ServiceOptions['smokeTests']>;

const canary: Canary = [
  { percent: 10, watch: '60s' },
  { percent: 10, approval: true },
  { percent: 50, watch: '60s' },
];
const smokeTests: SmokeTests = [];

export const defaultOptions = {
  env: {},
  envFiles: [] as string[],
  requiredEnv: [] as NonNullable<ServiceOptions['requiredEnv']>,
  grace: '30s',
  settle: '300ms',
  health: {
    path: '/health',
    interval: '5s',
    timeout: '2s',
    failures: 3,
    successes: 2,
    startup: '60s',
    check: 'fields',
    type: 'http',
    scheme: 'http',
    acceptDegraded: false,
    insecure: false,
    statuses: ['200-299'],
  },
  smokeTests,
  smokeTotal: '60s',
  canary,
  judge: { minRequests: 50, maxErrorRate: '5%', patience: '5m' },
  approval: { beforeTraffic: false, count: 1, fourEyes: true, deadline: '1h', onTimeout: 'abort' },
  bake: '2m',
  standby: { keep: '24h' },
  afterBake: 'keep',
  // biome-ignore lint/suspicious/noThenProperty: a key of the file, never awaited
  failedSide: { keep: '30m', then: 'restore' },
  crash: { firstRestart: '1s', maxRestart: '60s' },
  guard: {
    unresponsive: 'rollback',
    unhealthy: 'rollback',
    crashLoop: 'rollback',
    crashes: 3,
    atMost: 2,
    within: '1h',
  },
  limits: { disk: '256MB', memory: '128MB', log: '50MB' },
  notify: defaultTold,
} satisfies ServiceOptions;

/** Where there is a database at all. */
export const defaultDatabase = {
  url: `\${DATABASE_URL}`,
  migrations: 'migrations',
  table: 'schema_migrations',
  lockTimeout: '500ms',
  lockTotal: '10m',
  statementTimeout: '15s',
  rollbackFor: '24h',
  sharedTables: [],
} satisfies NonNullable<ServiceOptions['database']>;

/** Where anything may be fetched at all. */
export const defaultArtifacts = {
  requireDigest: true,
  signatureNamesRelease: true,
  strip: false,
  limits: {
    time: '10m',
    stall: '30s',
    tries: 4,
    download: '1GB',
    unpacked: '4GB',
    files: 100_000,
    ratio: 100,
  },
} satisfies NonNullable<ServiceOptions['artifacts']>;

/** Where releases are removed at all. */
export const defaultKeepReleases = { count: 10, age: '30d' } satisfies NonNullable<ServiceOptions['keepReleases']>;

export const defaultBalancer = {
  driver: 'embedded' as NonNullable<TargetFile['loadBalancer']['driver']>,
  requestTimeout: '60s',
  drainSpread: '0s',
  receiptProbes: 20,
  accessLog: true,
  trustedProxies: [] as NonNullable<TargetFile['loadBalancer']['trustedProxies']>,
  maxHeaderBytes: 16_384,
} satisfies Partial<TargetFile['loadBalancer']>;

export const defaultNginx = {
  mode: 'managed',
  program: 'nginx',
  check: ['nginx', '-t'],
  reload: ['nginx', '-s', 'reload'],
} satisfies NonNullable<TargetFile['loadBalancer']['nginx']>;

export const defaultHaproxy = { mode: 'managed', program: 'haproxy' } satisfies NonNullable<
  TargetFile['loadBalancer']['haproxy']
>;

export const defaultStickyCookie = 'bg_bucket';
export const defaultPreview = { header: 'x-bluegreen-preview', cookie: 'bg_preview' } as const;

/** Not merged: a file that names fields names all that are to be checked. */
export const defaultFields = {
  status: 'status',
  okValues: ['healthy', 'ok'],
  degradedValues: ['degraded'],
  environment: 'environment',
  version: 'version',
  databaseConnected: 'database_connected',
} as const;

export const defaultSmokeTimeout = '10s';
export const defaultCommands = { deploy: 'deploy', switch: 'switch', rollback: 'rollback', status: 'status' } as const;
/** Slack keeps /status for itself and refuses a manifest that names it, so a bare one is never the default. */
export const defaultBareStatus = 'deploy-status';
