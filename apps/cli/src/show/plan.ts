// What a deployment would do, before a person requests it.

import type { PlanView, ReleaseView } from '@bg/engine';
import { bytesText } from './amounts.ts';
import type { Paint } from './paint.ts';
import { tableLines } from './table.ts';

export function planLines(plan: PlanView, paint: Paint): readonly string[] {
  const from = plan.from === undefined ? '' : ` in place of ${plan.from}`;
  const refused = plan.gates.filter(({ refusal }) => refusal !== undefined);
  return [
    paint.bold(`${plan.mode} ${plan.version} on ${plan.name}: into ${plan.slot}${from}`),
    ...plan.steps.map((step, index) => `  ${index + 1}. ${step}`),
    ...runLines(plan, paint),
    ...section('schema', plan.schema),
    ...section('routing', plan.routing),
    ...section('canary', plan.finds ?? []),
    ...section('checks', plan.checks ?? []),
    ...tableLines(plan.gates.map(({ name, refusal }) => gateCells(name, refusal?.sentence, paint))),
    ...plan.warnings.map((warning) => `  ${paint.yellow('!')} ${warning}`),
    refused.length === 0
      ? 'It would be accepted now. Nothing was changed.'
      : 'It would be refused now. Nothing was changed.',
    ...(plan.hash === undefined ? [] : [paint.dim(`plan ${plan.hash}`)]),
  ];
}

function runLines({ run }: PlanView, paint: Paint): readonly string[] {
  if (!run) return [];
  const { bytes, files, bytesBefore } = run.change;
  const before = bytesBefore === undefined ? '' : ` (before: ${bytesText(bytesBefore)})`;
  return [
    ...section('runs', [
      `${run.command.join(' ')}${run.commandFrom === 'release' ? paint.dim('  as the release says') : ''}`,
      run.account,
      `${files} files, ${bytesText(bytes)}${before}`,
      ...(run.templates.length === 0 ? [] : [`fills in ${run.templates.join(', ')}`]),
      `smoke tests: ${run.smokeTests.join(', ') || 'none'}`,
    ]),
    ...section('notes', run.notes?.split('\n') ?? []),
  ];
}

function section(name: string, lines: readonly string[]): readonly string[] {
  return lines.length === 0 ? [] : [`  ${name}:`, ...lines.map((line) => `    ${line}`)];
}

function gateCells(name: string, problem: string | undefined, paint: Paint): readonly string[] {
  return [`  ${problem === undefined ? paint.green('✓') : paint.red('✗')} ${name}`, problem ?? ''];
}

export function releaseLines(releases: readonly ReleaseView[], paint: Paint): readonly string[] {
  return tableLines(
    releases.map(({ version, active, registered, quarantined }) => [
      active ? paint.green('●') : ' ',
      version,
      active ? 'active' : registered ? 'registered' : paint.dim('not used yet'),
      quarantined === undefined ? '' : paint.red(`marked bad: ${quarantined}`),
    ]),
  );
}
