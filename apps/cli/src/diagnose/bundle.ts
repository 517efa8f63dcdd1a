// The files of a bug report. Each is made by itself: what cannot be read is named, and the others are made all the same.

import { mkdirSync, readdirSync, readFileSync, statfsSync, statSync, writeFileSync } from 'node:fs';
import { cpus, freemem, loadavg, platform, release, totalmem, uptime } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { type Engine, messageOf, type Settings, tailLog } from '@bg/engine';
import type { Redact } from './redact.ts';
import { redactDeep, redactYaml } from './redact.ts';

export interface BundleSources {
  readonly folder: string;
  readonly version: string;
  readonly configFile: string;
  readonly problems: readonly unknown[];
  readonly settings: Settings | undefined;
  /** Opens the state; throws where it is locked, damaged or of a newer version. */
  readonly open: (() => Engine) | undefined;
  readonly redact: Redact;
  readonly now: number;
}

export interface Bundle {
  readonly folder: string;
  readonly files: readonly string[];
  /** What is not in it, and why. */
  readonly missing: readonly { readonly file: string; readonly problem: string }[];
}

const maxFileBytes = 4 << 20;
const auditRows = 300;
const logLines = 300;
const mostLogs = 20;
const lookMs = 10_000;

/** @throws where the folder exists already, or cannot be made */
export async function writeBundle(sources: BundleSources): Promise<Bundle> {
  const { folder, redact, settings } = sources;
  mkdirSync(folder, { mode: 0o700 });
  const files: string[] = [];
  const missing: { file: string; problem: string }[] = [];
  const add = async (file: string, make: () => unknown): Promise<void> => {
    try {
      const made = await make();
      const text = typeof made === 'string' ? made : `${JSON.stringify(redactDeep(made, redact), undefined, 2)}\n`;
      writeFileSync(join(folder, file), text.slice(0, maxFileBytes), { mode: 0o600, flag: 'wx' });
      files.push(file);
    } catch (thrown) {
      missing.push({ file, problem: redact(messageOf(thrown)) });
    }
  };
  await add('machine.json', () => machineOf(sources));
  await add('configuration.yaml', () =>
    redactYaml(readFileSync(sources.configFile, 'utf8').slice(0, maxFileBytes), redact),
  );
  await add('configuration-check.json', () => sources.problems);
  if (settings) await add('state-folder.json', () => filesIn(settings.stateFolder));
  for (const log of settings ? logsIn(settings.stateFolder).slice(-mostLogs) : [])
    await add(`log-${log.name}.txt`, async () => redact((await lastLines(log.path)).join('\n')));
  await addState(sources, add, missing);
  writeFileSync(join(folder, 'README.txt'), readme(files, missing), { mode: 0o600, flag: 'wx' });
  return { folder, files: [...files, 'README.txt'], missing };
}

type Add = (file: string, make: () => unknown) => Promise<void>;

async function addState(
  { open }: BundleSources,
  add: Add,
  missing: { file: string; problem: string }[],
): Promise<void> {
  if (!open) {
    missing.push({ file: 'status.json', problem: 'the configuration has an error, so the state was not opened' });
    return;
  }
  let engine: Engine | undefined;
  await add('state.json', () => {
    engine = open();
    return { opened: true, audit: engine.audit.verifySinceLast(), shipped: engine.audit.shipped() };
  });
  const opened = engine;
  if (!opened) return;
  try {
    await opened.lookNow(AbortSignal.timeout(lookMs)).catch(() => undefined);
    // Slots, what the balancer was seen to do, what waits, warnings.
    await add('status.json', () => opened.status());
    await add('audit.json', () => {
      const found = opened.audit.search({});
      return found.ok ? found.value.newest(auditRows).toReversed() : [];
    });
    for (const { service, target } of opened.settings.targets) {
      await add(`sides-${service}-${target}.json`, () => opened.compareSides({ service, target }));
      await add(`history-${service}-${target}.json`, () => opened.history({ service, target }, 10));
    }
  } finally {
    opened.close();
  }
}

function machineOf({ version, settings, now }: BundleSources) {
  const folders = [settings?.stateFolder, ...(settings?.targets.map(({ releasesFolder }) => releasesFolder) ?? [])];
  return {
    at: new Date(now).toISOString(),
    bg: version,
    node: process.version,
    versions: process.versions,
    system: `${platform()} ${release()} ${process.arch}`,
    user: process.getuid?.(),
    processors: cpus().length,
    load: loadavg(),
    memory: { total: totalmem(), free: freemem() },
    uptimeSeconds: Math.round(uptime()),
    zone: Intl.DateTimeFormat().resolvedOptions().timeZone,
    limits: attempt(() => readFileSync('/proc/self/limits', 'utf8').split('\n')),
    disks: folders.flatMap((folder) => (folder === undefined ? [] : [{ folder, ...attempt(() => diskOf(folder)) }])),
  };
}

function diskOf(folder: string) {
  const { bsize, blocks, bavail, files, ffree } = statfsSync(folder);
  return { bytes: bsize * blocks, freeBytes: bsize * bavail, inodes: files, freeInodes: ffree };
}

function attempt<T extends object>(work: () => T): T | { readonly problem: string } {
  try {
    return work();
  } catch (thrown) {
    return { problem: messageOf(thrown) };
  }
}

const mostFiles = 2_000;

/** Names, sizes and times: never what is in them. */
function filesIn(folder: string) {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .slice(0, mostFiles)
    .flatMap((name) => {
      const seen = statSync(join(folder, name), { throwIfNoEntry: false });
      return seen ? [{ name, bytes: seen.size, changed: seen.mtime.toISOString(), mode: seen.mode.toString(8) }] : [];
    });
}

function logsIn(folder: string): readonly { readonly name: string; readonly path: string }[] {
  try {
    return readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.log') && statSync(join(folder, name), { throwIfNoEntry: false })?.isFile())
      .toSorted()
      .map((name) => ({ name: name.replaceAll(/[^\w.-]+/g, '-').replace(/\.log$/, ''), path: join(folder, name) }));
  } catch {
    return [];
  }
}

async function lastLines(file: string): Promise<readonly string[]> {
  const lines: string[] = [];
  for await (const line of tailLog(file, { lines: logLines, follow: false })) lines.push(line.slice(0, 4_000));
  return lines;
}

function readme(files: readonly string[], missing: Bundle['missing']): string {
  return [
    'Made by bg diagnose. Secrets that the configuration knows, and what looks like one, were replaced by ***.',
    'Read it before you send it: what a service writes into its log under another name is not known here.',
    '',
    ...files.toSorted(),
    ...(missing.length === 0 ? [] : ['', 'Not in it:', ...missing.map(({ file, problem }) => `${file}: ${problem}`)]),
    '',
  ].join('\n');
}

export const defaultFolder = (now: number): string =>
  `bg-diagnose-${new Date(now).toISOString().slice(0, 19).replaceAll(/[-:]/g, '')}`;

export const placeOfBundle = (given: string): string => join(resolve(dirname(given)), basename(given));
