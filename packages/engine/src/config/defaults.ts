// What holds when neither the service nor the target says anything, in the words of the file itself.

import { defaultApproval } from './approval/approval.ts';
import { defaultHealth } from './health/health.ts';
import { defaultJudge } from './judge/judge.ts';
import { defaultRecipients } from './notify/resolve.ts';
import type { ServiceOptions } from './service-options.ts';

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
  health: defaultHealth,
  smokeTests,
  smokeTotal: '60s',
  canary,
  judge: defaultJudge,
  approval: defaultApproval,
  bake: '2m',
  standby: { keep: '24h' },
  afterBake: 'keep',
  // biome-ignore lint/suspicious/noThenProperty: a key of the file, never awaited
  failedSide: { keep: '30m', then: 'restore' },
  lockReminder: '4h',
  suspendAfterRollback: true,
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
  notify: defaultRecipients,
} satisfies ServiceOptions;

export const defaultSmokeTimeout = '10s';
