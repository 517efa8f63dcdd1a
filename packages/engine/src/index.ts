// The door of the engine: named exports only. Apps import from here and from nowhere else in this package.

export { inWords, stillNeeded } from './analysis/in-words.ts';
export { type Judgement, type JudgeRules, judge, type Verdict } from './analysis/judge.ts';
export type { ArchivedRows, AuditQuery, AuditSearch } from './api/audit.ts';
export type {
  Builds,
  Explanation,
  GivenPayload,
  ParsedDelivery,
  RuleCondition,
  RuleExplanation,
} from './api/builds.ts';
export type { CalendarSpan, CalendarView } from './api/calendar.ts';
export type { ConfigurationView } from './api/configuration.ts';
export type { DeployRequest } from './api/deploy-request.ts';
export type {
  ActionName,
  ApprovalView,
  CheckView,
  DeploymentView,
  LegalAction,
  Observation,
  OutcomeView,
  Receipt,
  StepView,
} from './api/deployment.ts';
export type { DeploymentRef, Engine, QuickLook } from './api/engine.ts';
export type { Decider, ExplanationView, JudgedShare, PersonAct } from './api/explanation.ts';
export type { JudgeReportView } from './api/judge-report.ts';
export type { ActivityView, Migrations, MigrationsView, SchemaPlanView, TryView } from './api/migrations.ts';
export type { CalledAlert, CallResult, Monitoring, MonitoringCall } from './api/monitoring.ts';
export type { StoredReleaseView } from './api/releases.ts';
export type { ReplayView, VerdictChange } from './api/replay.ts';
export type {
  DueSummary,
  Figures,
  GoalResult,
  Proof,
  Report,
  ReportRequest,
  Spread,
  TargetFigures,
} from './api/report.ts';
export type { ComparedSide, SidesView } from './api/sides.ts';
export type { ScaleView, StartedByHand } from './api/slots.ts';
export type {
  SideNumbers,
  TimelineApproval,
  TimelineEntry,
  TimelineStep,
  TimelineView,
  TimelineWait,
} from './api/timeline.ts';
export type { TrendView } from './api/trend.ts';
export type {
  Discovered,
  PlanView,
  ReleaseView,
  RoleView,
  RoutingConfiguration,
  SlotView,
  StatusView,
  TargetView,
} from './api/views.ts';
export type { Requested, WaitingView } from './api/waiting.ts';
export { fitsHostEvent } from './builds/hosts/hosts.ts';
export { type Chart, chartsOf, sparkline, topOf } from './charts/chart.ts';
export { drawCharts } from './charts/draw.ts';
export { configurationAgainstRunning } from './compose/config-against-running.ts';
export { checkConfig, checkConfigFile, loadSettings } from './compose/configuration.ts';
export { databaseNames, lintRelease, unknownRule } from './compose/lint.ts';
export { type EngineOptions, openEngine } from './compose/open-engine.ts';
export { secretsOf } from './compose/secrets.ts';
export { decidersOf } from './config/approval/approval.ts';
export type { ConfigCheck } from './config/check.ts';
export { type ConfigProblem, formatProblem } from './config/kit/problems.ts';
export { type MonitoringCaller, monitoringVariable } from './config/monitoring/monitoring.ts';
export { approverRule, findPerson } from './config/people/people.ts';
export { accountNote } from './config/process/notes.ts';
export { type Person, type Settings, type TargetSettings, targetName } from './config/settings.ts';
export { defaultWebListen, leastWebToken, type WebSettings } from './config/web/web.ts';
export { type Actor, actorName, type Door, personOf, shortName } from './domain/actor.ts';
export type { ArtifactSource } from './domain/artifact.ts';
export { type AuditAction, type AuditRead, type AuditRow, readEvent } from './domain/audit-events.ts';
export type { Author, Build, Reaction, StoredBuild } from './domain/build.ts';
export { type BuildHost, buildHosts, codeHosts } from './domain/code-hosts.ts';
export type { Mode, OutcomeKind, Phase, StepName, StepStatus } from './domain/deployment.ts';
export {
  type ArtifactPlace,
  type BuildAnnounced,
  type BuildFacts,
  buildAnnouncedIn,
  buildFactsIn,
  type TargetReaction,
} from './domain/events/builds.ts';
export { type FailedRequest, failedRequestText } from './domain/failed-request.ts';
export {
  type Delivered,
  type DeliveryRecord,
  type DeliveryState,
  type Ending,
  type Inbox,
  inboxLease,
  type NewDelivery,
  type Settlement,
} from './domain/inbox.ts';
export type { Outbox, OutboxMessage } from './domain/outbox.ts';
export { ok, type Refusal, type RefusalCode, type Result, refusalRules, refuse } from './domain/refusal.ts';
export {
  errorsByClient,
  type Fence,
  type InstanceTraffic,
  type ObservedNode,
  type Routing,
  type SideCounts,
  type Traffic,
} from './domain/routing.ts';
export type { Role, SlotName, TargetRef } from './domain/target.ts';
export { clockTime, forHowLong } from './domain/times.ts';
export { isVersion } from './domain/version.ts';
export type { InstanceLog, InstanceObservation, SlotObservation } from './environment/environment.ts';
export type { HealthReport } from './environment/health-report.ts';
export type { SmokeReport } from './environment/smoke.ts';
export { tailLog } from './environment/tail.ts';
export type { TracedLine, TraceReport } from './environment/trace.ts';
export { backoffMs } from './lib/backoff.ts';
export { type Clock, pause, systemClock, yieldToEventLoop } from './lib/clock.ts';
export { dispatch, entryOf, type Handlers } from './lib/dispatch.ts';
export { BlueGreenError, type ErrorCode, hasCode, messageOf } from './lib/errors.ts';
export { withFileLock } from './lib/file-lock.ts';
export { cleanText, inertText } from './lib/foreign-text.ts';
export { isObject, type JsonObject, type JsonReading, readJsonObject } from './lib/json-object.ts';
export { createAllowance, createGuests, createRoom } from './lib/limits.ts';
export { createLog, type Log, silentLog } from './lib/log.ts';
export { ownFile, type ProgramName } from './lib/own-files.ts';
export { keepFilesPrivate } from './lib/private-files.ts';
export { withSecretFiles } from './lib/secret-files.ts';
export { createTrust, isNetwork, sourceOf } from './lib/source.ts';
export { isStorageFault, storageFault } from './lib/storage-fault.ts';
export { suggest } from './lib/suggest.ts';
export { within } from './lib/tasks.ts';
export { parseDuration, parseListen } from './lib/units.ts';
export type {
  ProbeHeaders,
  ProxyConnections,
  ProxyHostStatus,
  ProxyRefusal,
  ProxySpec,
  ProxyStatus,
  ProxyTargetFiles,
  ProxyTargetsFile,
  RoutingOrder,
} from './load-balancer/embedded/proxy-spec.ts';
export type { AllowList, ApplyOptions, BalancerSpec, PreviewRoute } from './load-balancer/load-balancer.ts';
export { type MetricsAddress, readMetricsAddress } from './metrics/address.ts';
export { serveMetrics } from './metrics/serve.ts';
export { MigrationError } from './migrator/error.ts';
export type { Finding } from './migrator/lint/finding.ts';
export { githubReport } from './migrator/lint/reports/github.ts';
export { jsonReport } from './migrator/lint/reports/json.ts';
export { type Narrowing, narrow, readBaseline, writeBaseline } from './migrator/lint/reports/narrow.ts';
export { isStopping, type LintReport } from './migrator/lint/reports/report.ts';
export { sarifReport } from './migrator/lint/reports/sarif.ts';
export { textReport } from './migrator/lint/reports/text.ts';
export type { SchemaAct } from './migrator/migrator.ts';
export type { MigrationEvent } from './migrator/phases/context.ts';
export { type MailPreview, mailProblem, previewMails, sendTestMail } from './notify/mail/preview.ts';
export type { PendingChange } from './orchestrator/controller/running.ts';
export type { DriftView } from './orchestrator/routing/drift.ts';
export type { ContractView } from './orchestrator/schema/contract-view.ts';
export type { SchemaView } from './orchestrator/schema/schema-view.ts';
export { eventSentence } from './orchestrator/schema/words.ts';
export { figureRows, goalRows, headlineOf } from './report/words.ts';
export { importFile } from './starter/import/import-file.ts';
export type { Importing } from './starter/import/imported.ts';
export { importedConfig } from './starter/import/imported-config.ts';
export { type StarterAnswers, starterConfig } from './starter/starter-config.ts';
export { starterPorts, type TrialResult, tryService, usualPaths } from './starter/trial.ts';
export type { FilesVerification } from './state/archive/verify-files.ts';
export type { AuditHead } from './state/audit.ts';
export type { AuditStanding } from './state/audit-standing.ts';
export type { AuditVerification } from './state/audit-verification.ts';
export { type Backup, backupState } from './state/backup.ts';
export { patiently } from './state/patience.ts';
export { setAsideCorruptState } from './state/set-aside.ts';
