// What a post-mortem of a deployment begins with, as Markdown. What only people know is left to be filled in.

import { failedRequestText, shortName, type TimelineEntry, type TimelineView } from '@bg/engine';
import { durationText } from './amounts.ts';
import { codeBlock, markdown, markdownTable } from './markdown.ts';

export function incidentLines(view: TimelineView): readonly string[] {
  const { version, from, name } = view;
  return [
    `# Incident: ${markdown(name)} ${markdown(from === undefined ? version : `${from} → ${version}`)}`,
    '',
    ...section('Summary', summary(view)),
    ...section('Impact', impact(view)),
    ...section('Timeline', timeline(view)),
    ...section('Who did what', people(view)),
    ...section('What the judge and the guard saw', seen(view)),
    ...section('Log excerpts', logs(view)),
    ...section(
      'What to know about these figures',
      view.remarks.map((remark) => `- ${markdown(remark)}`),
    ),
    ...section('To fill in', toFillIn),
  ];
}

const section = (title: string, lines: readonly string[]): readonly string[] =>
  lines.length === 0 ? [] : [`## ${title}`, '', ...lines, ''];

const moment = (at: number): string =>
  new Date(at).toISOString().replace('T', ' ').replace('.000Z', ' UTC').replace('Z', ' UTC');

function summary(view: TimelineView): readonly string[] {
  const { outcome, duration, reason, commit } = view;
  const facts: readonly (readonly [string, string])[] = [
    ['Deployment', `${markdown(view.id)}, ${view.mode} to ${markdown(`${view.service}/${view.target}`)}`],
    ['Asked by', `${markdown(shortName(view.requestedBy))}, ${moment(view.askedAt)}`],
    ...(reason === undefined ? [] : [['Reason', markdown(reason)] as const]),
    ...(commit === undefined ? [] : [['Commit', markdown(commit)] as const]),
    ['Took', `${durationText(duration.totalMs)}, of which people ${durationText(duration.waitedMs)}`],
    ...(outcome === undefined
      ? [['Outcome', 'it has not ended'] as const]
      : [
          ['Outcome', `**${outcome.kind}** (${markdown(outcome.code)}) at ${moment(outcome.at)}`] as const,
          ['Why', markdown(outcome.sentence)] as const,
        ]),
  ];
  return facts.map(([title, text]) => `- ${title}: ${text}`);
}

export interface Impact {
  /** How long any user was on the new side; not counted from full promotion to the end of a deployment that was promoted. */
  readonly exposedMs: number;
  readonly mostPercent: number;
  readonly requests: number;
  readonly errors: number;
  readonly stableErrors: number;
}

/** Counts of later steps contain those of earlier ones with the same share, so that each share counts once. */
export function impactOf({ shares, steps }: TimelineView): Impact {
  const last = new Map(steps.flatMap(({ numbers }) => (numbers ? [[numbers.sinceMs, numbers] as const] : [])));
  const numbers = [...last.values()];
  const sum = (pick: (one: (typeof numbers)[number]) => number) => numbers.reduce((total, one) => total + pick(one), 0);
  return {
    exposedMs: shares.reduce((total, { from, to }) => total + (to - from), 0),
    mostPercent: Math.max(0, ...shares.map(({ percent }) => percent)),
    requests: sum(({ canary }) => canary.requests),
    errors: sum(({ canary }) => canary.errors),
    stableErrors: sum(({ stable }) => stable.errors),
  };
}

function impact(view: TimelineView): readonly string[] {
  const { exposedMs, mostPercent, requests, errors, stableErrors } = impactOf(view);
  if (view.shares.length === 0) return ['No user was sent to the new side.'];
  const measured = view.steps.some(({ numbers }) => numbers !== undefined);
  return [
    `- Users were on ${markdown(view.version)} for ${Math.ceil(exposedMs / 1_000)} seconds, at most ${mostPercent} % of them.`,
    measured
      ? `- Requests harmed on the new side: **${errors} of ${requests}** (answers 5xx, failed connections); in the same time ${stableErrors} errors on the stable side.`
      : '- Requests harmed: not measured in this deployment; see the logs of the load balancer.',
    ...markdownTable(
      ['from', 'to', 'users on the new side', 'seconds'],
      view.shares.map(({ from, to, percent }) => [
        moment(from),
        moment(to),
        `${percent} %`,
        String(Math.ceil((to - from) / 1_000)),
      ]),
    ).map((line, index) => (index === 0 ? `\n${line}` : line)),
  ];
}

/** Each of these is followed by a row that says the same of what was done. */
const repeated = new Set(['step-started', 'undo-started', 'step-passed', 'routing-intended']);

function timeline({ entries }: TimelineView): readonly string[] {
  return markdownTable(
    ['time', 'who', 'what', ''],
    entries
      .filter(({ action }) => !repeated.has(action))
      .map(({ at, actor, action, code, sentence }) => [
        moment(at),
        markdown(shortName(actor)),
        markdown(code === undefined ? action : `${action} (${code})`),
        markdown(sentence),
      ]),
  );
}

function people({ entries }: TimelineView): readonly string[] {
  const byActor = Map.groupBy(
    entries.filter(({ actor }) => actor !== 'engine'),
    ({ actor }) => actor,
  );
  return [...byActor].flatMap(([actor, rows]) => [
    `- **${markdown(shortName(actor))}**`,
    ...rows.map(({ at, sentence }: TimelineEntry) => `  - ${moment(at)}: ${markdown(sentence)}`),
  ]);
}

const ofGuard = /^(guard-|health-changed$|crashed$|restart|readiness-changed$|drift-)/;

function seen({ steps, entries }: TimelineView): readonly string[] {
  return [
    ...steps.flatMap(({ title, numbers }) =>
      numbers === undefined
        ? []
        : [
            `- ${markdown(title)}: **${numbers.judgement.verdict}**, ${markdown(numbers.judgement.sentence)}. New side: ${numbers.canary.errors} errors in ${numbers.canary.requests} requests, p99 ${Math.round(numbers.canary.p99Ms)} ms; stable side: ${numbers.stable.errors} in ${numbers.stable.requests}, p99 ${Math.round(numbers.stable.p99Ms)} ms.`,
          ],
    ),
    ...entries
      .filter(({ action }) => ofGuard.test(action))
      .map(({ at, sentence }) => `- ${moment(at)}: ${markdown(sentence)}`),
  ];
}

function logs({ steps, entries, version, failing = [] }: TimelineView): readonly string[] {
  const requests = failing.map((request) => `${moment(request.at)} ${failedRequestText(request)}`);
  const quotes = [
    { title: `First requests that failed on ${version}`, log: requests },
    ...steps.map(({ title, log }) => ({ title: `${version} when "${title}" failed`, log })),
    ...entries.map(({ at, sentence, log }) => ({ title: `${moment(at)}: ${sentence}`, log })),
  ];
  return quotes.flatMap(({ title, log }) =>
    log.length === 0 ? [] : [`${markdown(title)}:`, '', ...codeBlock(log), ''],
  );
}

const toFillIn = [
  '- What users noticed, and how many of them:',
  '- How it was detected, and how long that took:',
  '- Root cause:',
  '- What went well:',
  '- What went badly:',
  '- Where we were lucky:',
  '- Actions, each with an owner and a date:',
  '  - [ ]',
];
