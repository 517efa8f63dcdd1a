// A deployment looked back on, as a form without inputs. It always fits into Slack's limits (100 blocks, 3000 characters
// in a text): what is too long is shortened, and the last line names the command that shows all.

import type { TimelineStep, TimelineView } from '@bg/engine';
import { type Block, context, divider, header, section } from '../cards/blocks.ts';
import type { PeopleFormatter } from '../cards/people-formatter.ts';
import { code, count, dateTime, duration, join, outside, share, time } from '../cards/text.ts';
import { type Modal, words } from './inputs.ts';

const maxLines = 40;
const maxLine = 300;
const maxSection = 2_900;
/** Slack takes 100, and at most 250 kB in all. */
const maxBlocks = 60;

export function timelineModal(view: TimelineView, formatter: PeopleFormatter): Modal {
  const parts = [
    part('Steps', stepLines(view)),
    part('Waited for people', waitLines(view)),
    part('Approvals', approvalLines(view, formatter)),
    part(`Users on ${view.version}`, shareLines(view)),
    part('What both sides answered', numberLines(view)),
    part('Proofs', proofLines(view)),
    part('Refused meanwhile', refusalLines(view, formatter)),
    part('Last lines of the new side', logLines(view)),
    part(
      'To know',
      view.remarks.map((remark) => outside(remark, maxLine)),
    ),
  ];
  const blocks = parts.flatMap((each) => each.blocks);
  const isCut = blocks.length > maxBlocks || parts.some((each) => each.isCut);
  return {
    type: 'modal',
    callback_id: 'timeline-modal',
    private_metadata: '',
    title: words('Timeline', 24),
    close: words('Close', 24),
    blocks: [
      header(`${view.name}: ${view.from === undefined ? '' : `${view.from} → `}${view.version}`),
      section(summary(view, formatter)),
      ...blocks.slice(0, maxBlocks),
      divider,
      context(`${cutSentence(isCut)} On the server: ${code(`bg show ${view.id}`, 100)}`),
    ],
  };
}

const cutSentence = (isCut: boolean): string =>
  isCut ? 'This is shortened; the command shows all of it.' : 'All of it is here.';

interface Part {
  readonly blocks: readonly Block[];
  readonly isCut: boolean;
}

function part(title: string, lines: readonly string[]): Part {
  if (lines.length === 0) return { blocks: [], isCut: false };
  const shown = lines.slice(0, maxLines);
  const left = lines.length - shown.length;
  const texts = inSections([`*${outside(title, 100)}*`, ...shown, ...(left > 0 ? [`… and ${left} more`] : [])]);
  return { blocks: texts.map(section), isCut: left > 0 || lines.some((line) => line.includes('…')) };
}

/** Whole lines, as many in each text as it takes. */
function inSections(lines: readonly string[]): readonly string[] {
  const texts: string[] = [];
  for (const line of lines) {
    const last = texts.at(-1);
    if (last === undefined || last.length + 1 + line.length > maxSection) texts.push(line);
    else texts[texts.length - 1] = `${last}\n${line}`;
  }
  return texts;
}

function summary(view: TimelineView, formatter: PeopleFormatter): string {
  const { totalMs, waitedMs, machineMs } = view.duration;
  const ended =
    view.outcome === undefined
      ? 'It has not ended.'
      : `*${view.outcome.kind}* (${code(view.outcome.code, 60)}): ${outside(view.outcome.sentence, 1_000)}`;
  return [
    ended,
    join(
      `asked by ${formatter.actor(view.requestedBy)}`,
      dateTime(view.askedAt),
      view.reason && outside(view.reason, 500),
    ),
    join(
      `took ${duration(totalMs)}`,
      waitedMs > 0 && `people ${duration(waitedMs)}`,
      waitedMs > 0 && `machine ${duration(machineMs)}`,
      code(view.id),
      view.commit && code(view.commit.slice(0, 10)),
    ),
  ].join('\n');
}

const signs: Readonly<Record<TimelineStep['status'], string>> = {
  started: '▶️',
  done: '✅',
  failed: '❌',
  skipped: '➖',
};

function stepLines({ steps }: TimelineView): readonly string[] {
  return steps.map(({ title, status, direction, ms, measuredBy, startedAt, sentence, attempts }) => {
    const took = status === 'skipped' ? 'skipped' : `${measuredBy === 'wall' ? '≈ ' : ''}${duration(ms)}`;
    const sign = direction === 'unwinding' ? '↩️ undo:' : signs[status];
    return join(
      `${time(startedAt)} ${sign} ${outside(title, 100)}`,
      took,
      attempts > 1 && `begun ${attempts} times`,
      outside(sentence, maxLine),
    );
  });
}

function waitLines({ waits }: TimelineView): readonly string[] {
  return waits.map(({ kind, from, to, ms, sentence }) =>
    join(`${time(from)} ${kind}`, `${duration(ms)}${to === undefined ? ' so far' : ''}`, outside(sentence, maxLine)),
  );
}

function approvalLines({ approvals }: TimelineView, formatter: PeopleFormatter): readonly string[] {
  return approvals.flatMap(({ askedAt, needed, decisions }) => [
    `${time(askedAt)} asked for ${needed}`,
    ...decisions.map(({ at, by, kind, sentence }) =>
      join(
        `${time(at)} ${kind === 'break-glass' ? '🚨 ' : ''}${kind} by ${formatter.actor(by)}`,
        outside(sentence, maxLine),
      ),
    ),
  ]);
}

function shareLines({ shares }: TimelineView): readonly string[] {
  return shares.map(({ percent, from, to }) => `${time(from)} ${percent} % for ${duration(to - from)}`);
}

function numberLines({ steps, from }: TimelineView): readonly string[] {
  return steps.flatMap(({ title, numbers }) => {
    if (numbers === undefined) return [];
    const { stable, canary, judgement } = numbers;
    const side = (name: string, { requests, errors, p50Ms, p99Ms }: typeof stable) =>
      `${name}: ${count(requests)} requests, ${count(errors)} errors (${share(errors, requests)}), p50 ${count(p50Ms)} ms, p99 ${count(p99Ms)} ms`;
    return [
      `${outside(title, 100)}: ${judgement.verdict}, ${outside(judgement.sentence, maxLine)}`,
      ...(from === undefined ? [] : [`    ${side('stable', stable)}`]),
      `    ${side('new', canary)}`,
    ];
  });
}

function proofLines({ steps }: TimelineView): readonly string[] {
  return steps.flatMap(({ receipt }) => {
    if (receipt === undefined) return [];
    const { at, generation, expected, nodes, proved } = receipt;
    return [
      `${time(at)} generation ${generation}: ${outside(expected.version, 64)} in ${expected.slot} ${proved ? 'is proved' : 'is *not* proved'}`,
      ...nodes.map(({ node, probes, seen, problem }) =>
        join(`    ${code(node)} ${seen} of ${probes} probes`, problem && outside(problem, maxLine)),
      ),
    ];
  });
}

function refusalLines({ refusals }: TimelineView, formatter: PeopleFormatter): readonly string[] {
  return refusals.map(({ at, actor, code: reason, sentence }) =>
    join(`${time(at)} ${formatter.actor(actor)} (${code(reason ?? '')})`, outside(sentence, maxLine)),
  );
}

function logLines({ steps, entries }: TimelineView): readonly string[] {
  return [...steps, ...entries].flatMap(({ log }) => log.map((line) => code(line, maxLine)));
}
