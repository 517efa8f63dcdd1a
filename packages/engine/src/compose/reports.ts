// A part of engine.ts: reports from the audit log of this state, and from a copy of it.

import type { DueSummary, Proof, Report, ReportRequest, Reports } from '../api/report.ts';
import type { GoalSettings, ReportSettings } from '../config/report/report.ts';
import type { Settings } from '../config/settings.ts';
import { ok, type Result, refuse } from '../domain/refusal.ts';
import { type Clock, yieldToEventLoop } from '../lib/clock.ts';
import { parseDuration } from '../lib/units.ts';
import { lastEnded, momentFrom } from '../orchestrator/calendar/periods.ts';
import { isZone, localText } from '../orchestrator/calendar/wall-time.ts';
import { differencesOf } from '../report/compare.ts';
import { createHistory, type History, reportActions } from '../report/history.ts';
import { type ReportInput, reportOf } from '../report/report.ts';
import { archivedHead } from '../state/archive/archives.ts';
import { auditOfActions, endsOfLog, hashesBetween } from '../state/audit-parts.ts';
import type { Db } from '../state/database.ts';
import { createExportChecker } from '../state/exported-audit.ts';

interface ReportParts {
  readonly settings: Settings;
  readonly db: Db;
  readonly clock: Clock;
}

export function createReports(parts: ReportParts): Reports {
  return {
    of: async (request) => {
      const input = inputOf(parts, request);
      return input.ok ? ok(await reportOfState(parts, input.value)) : input;
    },
    prove: async (request, lines) => {
      const input = inputOf(parts, request);
      return input.ok ? ok(await proofOf(parts, input.value, lines)) : input;
    },
    dueSummary: (lastDay) => dueSummary(parts, lastDay),
  };
}

const dayMs = 86_400_000;
type Asked = Omit<ReportInput, 'log'>;

function inputOf({ settings, clock }: ReportParts, request: ReportRequest): Result<Asked> {
  const { service, target } = request;
  const zone = request.zone ?? settings.report.summary?.zone ?? 'UTC';
  if (!isZone(zone))
    return refuse('text-invalid', `${zone.slice(0, 60)} is no IANA time zone`, 'Such as Europe/Berlin.');
  const now = clock.now();
  const until = request.until === undefined ? now + 1 : momentOf(request.until, zone, now);
  // What happened in this very millisecond is in it.
  const end = Math.min(until ?? now + 1, now + 1);
  const since = request.since === undefined ? end - 7 * dayMs : momentOf(request.since, zone, end);
  if (since === undefined || until === undefined)
    return refuse(
      'text-invalid',
      `${(since === undefined ? request.since : request.until)?.slice(0, 40)} is no date`,
      'A date is written 2026-12-01, with a time "2026-12-01 22:00"; a duration such as 7d counts back.',
    );
  if (since >= Math.min(until, now))
    return refuse('text-invalid', 'the period has not begun, or ends before it begins');
  const known = settings.targets.filter((each) => (service ?? each.service) === each.service);
  if (known.length === 0 || (target !== undefined && !known.some((each) => each.target === target)))
    return refuse(
      'target-unknown',
      `there is no "${[service, target].filter((name) => name !== undefined).join('/')}" in this configuration`,
      `Known: ${settings.targets.map((each) => `${each.service}/${each.target}`).join(', ')}.`,
    );
  return ok({
    period: { since, until: end, zone, local: { since: localText(since, zone), until: localText(end, zone) } },
    scope: { service, target },
    goals: goalsFor(settings.report, service),
  });
}

function momentOf(text: string, zone: string, now: number): number | undefined {
  return /^\d{1,5}[smhd]$/.test(text) ? now - parseDuration(text) : momentFrom(text, zone);
}

const goalsFor = ({ goals, goalsOf }: ReportSettings, service: string | undefined): GoalSettings =>
  (service === undefined ? undefined : goalsOf[service]) ?? goals;

/** Rows that are looked through at a time; requests of people are answered in between. */
const pageRows = 10_000;

async function reportOfState({ db }: ReportParts, asked: Asked): Promise<Report> {
  const ends = endsOfLog(db);
  const history = createHistory();
  for (let after = (ends?.first.seq ?? 1) - 1; ends && after < ends.last; after += pageRows) {
    const through = Math.min(after + pageRows, ends.last);
    for (const row of auditOfActions(db, { actions: reportActions, after, through })) history.take(row);
    await yieldToEventLoop();
  }
  return reportOf(history, { ...asked, log: { first: ends?.first, last: ends?.last ?? 0 } });
}

async function proofOf(parts: ReportParts, asked: Asked, lines: AsyncIterable<string>): Promise<Proof> {
  const read = await readExport(parts.db, lines);
  if ('problem' in read) return { isEqual: false, differences: [read.problem], rows: read.rows, report: undefined };
  const report = reportOf(read.history, { ...asked, log: read.log });
  const ofState = await reportOfState(parts, asked);
  const figures = differencesOf(report, ofState);
  const further = ofState.log.lastRow - read.log.last;
  const age = further > 0 && figures.length > 0 ? [`this state has ${further} rows that are not in the export`] : [];
  const differences = [...(read.other === undefined ? [] : [read.other]), ...figures, ...age];
  return { isEqual: differences.length === 0, differences, rows: read.rows, report };
}

type ReadExport =
  | { readonly problem: string; readonly rows: number }
  | { readonly history: History; readonly log: ReportInput['log']; readonly rows: number; readonly other?: string };

/** The whole chain first: figures from rows that were changed would be worth nothing. */
async function readExport(db: Db, lines: AsyncIterable<string>): Promise<ReadExport> {
  const archived = archivedHead(db);
  const checker = createExportChecker({
    hashBefore: (seq) => (seq === archived.seq ? archived.hash : hashesBetween(db, seq, seq).get(seq)),
  });
  const history = createHistory();
  let first: ReportInput['log']['first'];
  let last = 0;
  let rows = 0;
  let page: { readonly seq: number; readonly hash: string }[] = [];
  let other: string | undefined;
  const comparePage = () => {
    other ??= otherRow(db, page);
    page = [];
  };
  for await (const line of lines) {
    const checked = checker.take(line);
    if (checked.kind === 'empty') continue;
    if (checked.kind === 'broken') return { problem: checked.problem, rows };
    const { row } = checked;
    rows += 1;
    if (row.seq === archived.seq && row.hash !== archived.hash)
      other ??= `row ${row.seq} of the export is another one in the archive`;
    // In archives: their chain is checked, and this state has no figures to compare with theirs.
    if (row.seq <= archived.seq) continue;
    first ??= { seq: row.seq, at: row.at };
    last = row.seq;
    history.take(row);
    if (page.push(row) >= pageRows) comparePage();
  }
  comparePage();
  if (first === undefined)
    return { problem: rows === 0 ? 'the export holds no row' : 'all rows of the export are in archives here', rows };
  return { history, log: { first, last }, rows, ...(other === undefined ? {} : { other }) };
}

function otherRow(db: Db, page: readonly { readonly seq: number; readonly hash: string }[]): string | undefined {
  const here = hashesBetween(db, page[0]?.seq ?? 0, page.at(-1)?.seq ?? 0);
  const other = page.find(({ seq, hash }) => here.get(seq) !== hash);
  if (!other) return undefined;
  return here.has(other.seq)
    ? `row ${other.seq} of the export is another one in this state`
    : `row ${other.seq} of the export is not in this state`;
}

function dueSummary({ settings, clock }: ReportParts, lastDay: number): DueSummary | undefined {
  const { summary } = settings.report;
  if (!summary) return undefined;
  const { every, zone } = summary;
  const ended = lastEnded(summary, clock.now());
  if (ended.day === lastDay) return undefined;
  const days = every === 'day' ? 1 : 7;
  return {
    day: ended.day,
    missed: lastDay === 0 ? 0 : Math.max(0, Math.round((ended.day - lastDay) / days) - 1),
    every,
    request: { since: shortWall(ended.from, zone), until: shortWall(ended.to, zone), zone },
  };
}

const shortWall = (at: number, zone: string): string => localText(at, zone).slice(0, '2026-12-18 18:00'.length);
