// What the rest of the engine knows of the configuration: checked, defaults filled in, paths absolute, times in ms.
// The file's own shape, key by key, is schema.ts; resolve.ts turns one into the other.

import type { SlotName } from '../domain/target.ts';
import type { AccountName } from '../lib/accounts.ts';
import type { GroupLimits } from '../lib/control-group.ts';
import type { ApprovalSettings } from './approval/approval.ts';
import type { ReleasesSettings } from './artifacts/keep-releases.ts';
import type { AuditSettings } from './audit/audit.ts';
import type { BalancerSettings } from './balancer/balancer.ts';
import type { BuildRule } from './builds/settings.ts';
import type { StalenessSettings } from './builds/staleness.ts';
import type { DatabaseSettings } from './database/settings.ts';
import type { FreezeSettings } from './freezes/settings.ts';
import type { IllnessSettings } from './guard/guard.ts';
import type { HealthSettings } from './health/settings.ts';
import type { JudgeSettings } from './judge/settings.ts';
import type { MonitoringCaller } from './monitoring/monitoring.ts';
import type { NotifySettings, RecipientSettings } from './notify/settings.ts';
import type { ContinuousSmokeSettings } from './probes/continuous-smoke.ts';
import type { DrillSettings } from './probes/drill.ts';
import type { EnvironmentChoice } from './process/environment.ts';
import type { VariableFormat } from './process/required-env.ts';
import type { ProcessRoleSettings } from './process-roles/process-roles.ts';
import type { ReportSettings } from './report/report.ts';
import type { RoleSettings } from './roles/roles.ts';
import type { StatusesSettings } from './statuses/statuses.ts';
import type { WebSettings } from './web/web.ts';

export interface Settings {
  /** Absolute path of the file this came from. */
  readonly file: string;
  /** sha256 over everything that decides what is started and routed; processes that differ refuse one state. */
  readonly digest: string;
  /** Absolute folder: state.sqlite, sockets, logs, slot files. At most 60 bytes long, so that sockets fit in 108. */
  readonly stateFolder: string;
  readonly people: readonly Person[];
  readonly slack: SlackSettings;
  readonly notify: NotifySettings;
  readonly statuses: StatusesSettings;
  readonly audit: AuditSettings;
  /** Goals, and the summary in the channel. */
  readonly report: ReportSettings;
  /** Undefined: no page is served. */
  readonly web?: WebSettings | undefined;
  readonly targets: readonly TargetSettings[];
  /** Which builds of CI are releases of which service; asked in this order. */
  readonly builds: readonly BuildRule[];
  /** Which monitoring systems may ask for what. */
  readonly monitoring: readonly MonitoringCaller[];
  /** Warnings that stop nothing: fewer than three smoke tests, four eyes with one approver. */
  readonly warnings: readonly string[];
}

export interface Person {
  readonly id: string;
  readonly name: string;
  readonly slack: string | undefined;
  readonly email: string | undefined;
  readonly codeHost: string | undefined;
  readonly osUser: string | undefined;
}

export interface SlackSettings {
  /** Command words without the slash. */
  readonly commands: {
    readonly deploy: string;
    readonly switch: string;
    readonly rollback: string;
    readonly status: string;
  };
  /** Refuse other workspaces; undefined takes the workspace of the token. */
  readonly team: string | undefined;
  /** Person ids and `group:S…`: mentioned when a live release is in trouble. Undefined: its approvers and its requester. */
  readonly onCall?: readonly string[] | undefined;
}

export interface TargetSettings extends ReleasesSettings, IllnessSettings, EnvironmentChoice {
  readonly service: string;
  readonly target: string;
  /** The target of a service name without a target; every service has exactly one. */
  readonly isDefault: boolean;
  readonly slots: Readonly<Record<SlotName, SlotSettings>>;
  /** A side that serves users is healthy with so many healthy instances. Undefined: one less than there are, at least 1. */
  readonly minHealthy?: number | undefined;
  /** Empty: what the release starts by itself, where its environment allows that. */
  readonly command: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly requiredEnv: readonly string[];
  /** Of those of them that must look like something. */
  readonly envFormats: readonly VariableFormat[];
  readonly graceMs: number;
  /** How long to wait for open requests of a side before it is stopped or replaced. */
  readonly drainLimitMs: number;
  readonly settleMs: number;
  readonly minFreeDiskBytes: number;
  readonly minFreeMemoryBytes: number;
  readonly maxLogBytes: number;
  readonly quota?: GroupLimits | undefined;
  /** Processes that are no web servers. Undefined: the service has none and knows nothing of LIVE_FILE. */
  readonly processRoles?: readonly ProcessRoleSettings[] | undefined;
  readonly health: HealthSettings;
  readonly smokeTests: readonly SmokeTest[];
  readonly smokeTotalMs: number;
  /** Undefined: smoke tests run during deployments only. */
  readonly continuousSmoke?: ContinuousSmokeSettings | undefined;
  /** Undefined: a way back is drilled only when a person asks. */
  readonly drill?: DrillSettings | undefined;
  readonly balancer: BalancerSettings;
  readonly canary: readonly CanaryStep[];
  /** For steps that a person gives for one deployment; undefined: as the canary itself. */
  readonly canaryLimits?: { readonly largestStep: number; readonly leastWatchMs: number } | undefined;
  readonly judge: JudgeSettings;
  readonly approval: ApprovalSettings;
  /** Undefined: everybody in the list of people may do everything but approve. */
  readonly roles: RoleSettings | undefined;
  readonly bakeMs: number;
  /** Undefined: none, and nothing about time zones is loaded. */
  readonly freezes?: readonly FreezeSettings[] | undefined;
  /** How long the standby stays running for rollback after the bake; undefined: until the next deployment. */
  readonly standbyKeepMs: number | undefined;
  readonly afterBake: 'keep' | 'stop' | 'upgrade' | 'ask';
  readonly failedSide: { readonly keepMs: number; readonly then: 'restore' | 'stop' };
  /** After so long the owner of a lock is reminded of it; 0: never. */
  readonly lockReminderMs: number;
  /** When the channel is reminded that the live release is behind its branch; undefined: never. */
  readonly staleness: StalenessSettings | undefined;
  /** Machines deploy nothing after a release was marked bad, until a person decides. */
  readonly suspendAfterRollback: boolean;
  /** Slack channel id or #name. */
  readonly channel: string;
  /** Who is notified by mail. */
  readonly recipients: RecipientSettings;
  /** The application's own; undefined: the engine changes no schema. */
  readonly database: DatabaseSettings | undefined;
}

export interface SlotSettings {
  readonly port: number;
  /** Of all instances, where there are several; the first is `port`. */
  readonly ports?: readonly number[] | undefined;
  /** Of all instances that `bg scale` may start, those of `ports` first. Undefined: no more than `ports`. */
  readonly reserved?: readonly number[] | undefined;
  readonly envFiles: readonly string[];
  /** Undefined: that of the engine. */
  readonly account?: AccountName | undefined;
}

export interface SmokeTest {
  readonly name: string;
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | undefined;
  readonly timeoutMs: number;
  /** Undefined: as the method allows, see `isContinuous`. */
  readonly continuous?: boolean | undefined;
  readonly expect: {
    readonly status: number;
    /** Dotted path → expected value. */
    readonly json: Readonly<Record<string, string | number | boolean | null>>;
    /** Every one of these texts must be in the body. */
    readonly text: readonly string[];
  };
}

export interface CanaryStep {
  readonly percent: number;
  /** How long to watch; a step may watch, ask, or both (watch first). */
  readonly watchMs: number | undefined;
  readonly approval: boolean;
}

/** `shop` for the service's only or default target, else `shop/staging`. */
export function targetName({
  service,
  target,
  isDefault,
}: Pick<TargetSettings, 'service' | 'target' | 'isDefault'>): string {
  return isDefault ? service : `${service}/${target}`;
}
