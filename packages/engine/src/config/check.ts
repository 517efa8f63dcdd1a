// Every problem of a configuration, at once: read, fill in, check each value, check them against one another, resolve.

import { dirname, resolve } from 'node:path';
import { checkAfterPromotion, checkGroups } from './approval/check.ts';
import { checkAudit } from './audit/check.ts';
import { checkBalancer, checkPorts } from './balancer/check.ts';
import { checkBuilds } from './builds/check.ts';
import { checkNames, checkRequired } from './check-names.ts';
import { checkCommands, checkFiles, checkState } from './check-places.ts';
import { checkDatabase, checkRecords } from './database/check.ts';
import { checkBehaviour, checkLists } from './deployment/check.ts';
import type { Drivers } from './drivers.ts';
import { checkFreezes } from './freezes/check.ts';
import { checkHealth } from './health/check.ts';
import { checkInstances } from './instances/check.ts';
import { checkChecks } from './judge/check.ts';
import type { Draft } from './kit/draft.ts';
import { formatPath, type Path } from './kit/path.ts';
import type { ConfigProblem, Finding } from './kit/problems.ts';
import { checkMonitoring } from './monitoring/check.ts';
import { checkNotify, checkRecipients } from './notify/check.ts';
import { checkApprovals, checkApprovers, checkHighRisk, checkPeople } from './people/check.ts';
import { checkContinuousSmoke } from './probes/check.ts';
import { checkAccounts } from './process/check-accounts.ts';
import { checkCommand } from './process/check-command.ts';
import { checkEnvironment } from './process/check-environment.ts';
import { checkProcessRoles } from './process-roles/check.ts';
import { readDocument } from './reading/document.ts';
import { checkShape } from './reading/issues.ts';
import { substitute } from './reading/variables.ts';
import { resolveSettings } from './resolve.ts';
import { type ConfigFile, configSchema } from './schema.ts';
import type { Settings } from './settings.ts';
import { checkStatuses } from './statuses/check.ts';
import { targetDrafts } from './target-draft.ts';
import { checkWeb } from './web/check.ts';

export interface ConfigCheck {
  /** Only without an error; warnings may be there. */
  readonly settings: Settings | undefined;
  /** In the order of the file. */
  readonly problems: readonly ConfigProblem[];
}

/** `environment` fills in `${NAME}`. Relative paths in the file start at its own folder. Never throws. */
export function checkConfig(options: {
  readonly file: string;
  readonly text: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly drivers: Drivers;
}): ConfigCheck {
  const { drivers } = options;
  const file = resolve(options.file);
  const { root, problems: faults, locate, sourceOf } = readDocument(options.text);
  if (faults.length > 0) return { settings: undefined, problems: faults };
  const filled = substitute({ root, environment: options.environment, sourceOf });
  const shape = checkShape(filled, configSchema(drivers));
  const isHidden = (path: Path) => filled.fromVariables.has(formatPath(path));
  const findings = [
    ...filled.findings,
    ...shape.findings,
    ...checkTogether(shape.draft, { folder: dirname(file), isHidden, drivers }),
  ];
  const problems = inOrder(withoutDoubles(findings).map(locate));
  const config = problems.some(({ severity }) => severity === 'error') ? undefined : shape.file;
  const warnings = problems
    .filter(({ severity }) => severity === 'warning')
    .map(({ path, message }) => `${path}: ${message}`);
  return { settings: config && resolveSettings({ file, config, warnings, drivers }), problems };
}

function checkTogether(
  draft: Draft<ConfigFile>,
  {
    folder,
    isHidden,
    drivers,
  }: { readonly folder: string; readonly isHidden: (path: Path) => boolean; readonly drivers: Drivers },
): readonly Finding[] {
  const targets = targetDrafts(draft);
  return [
    ...checkState(draft, folder),
    ...checkPeople(draft),
    ...checkApprovers(draft, isHidden),
    ...checkCommands(draft),
    ...checkNotify(draft, folder),
    ...checkAudit(draft, folder),
    ...checkWeb(draft),
    ...checkNames(draft),
    ...checkLists(draft),
    ...checkBuilds(draft),
    ...targets.flatMap(checkInstances),
    ...checkPorts(targets, drivers.balancers),
    ...checkAccounts(targets),
    ...checkStatuses(draft),
    ...checkMonitoring(draft),
    ...checkRecords(targets, folder),
    ...targets.flatMap((target) => [
      ...checkRequired(target, drivers.environments),
      ...checkBehaviour(target),
      ...checkContinuousSmoke(target),
      ...checkBalancer(target, drivers.balancers),
      ...checkEnvironment(target, drivers.environments),
      ...checkProcessRoles(target, drivers.environments),
      ...checkFiles(target, folder),
      ...checkCommand(target, folder),
      ...checkHealth(target, folder),
      ...checkChecks(target, drivers.evidence),
      ...checkFreezes(target, folder),
      ...checkApprovals(draft, target),
      ...checkHighRisk(draft, target),
      ...checkGroups(target),
      ...checkAfterPromotion(target),
      ...checkRecipients(draft, target),
      ...checkDatabase(draft, target, { folder, drivers: drivers.databases }),
    ]),
  ];
}

/** The options of a service are checked for each of its targets, but a problem is reported once. */
function withoutDoubles(findings: readonly Finding[]): readonly Finding[] {
  return [...new Map(findings.map((finding) => [JSON.stringify([finding.path, finding.message]), finding])).values()];
}

function inOrder(problems: readonly ConfigProblem[]): readonly ConfigProblem[] {
  return [...problems].sort((a, b) => (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0));
}
