// A test engine with rules about builds, and CI that announces some: a real state, and no controller.

import type { Engine } from '../../api/engine.ts';
import { type AuditRow, readEvent } from '../../domain/audit-events.ts';
import { type BuildAnnounced, buildAnnouncedIn, type TargetReaction } from '../../domain/events/builds.ts';
import type { Settlement } from '../../domain/inbox.ts';
import { startTestEngine, type TestEngine } from '../../orchestrator/verbs/testing/test-engine.ts';
import type { Json } from './payloads.ts';

/** `rules`: YAML of the list, indented by six blanks. */
export function setCi(rules: string): TestEngine {
  return startTestEngine(`        default: true
      staging:
        slots: { blue: { port: 31011 }, green: { port: 31012 } }
        loadBalancer: { listen: "127.0.0.1:31010" }
    builds:
${rules}`);
}

export const announceAll = '      - host: generic\n';
export const deployToProduction = '      - { host: generic, targets: { production: deploy } }\n';

export const commitOf = (digit: number): string => String(digit).repeat(40);
const minuteMs = 60_000;
const firstCommitAt = Date.parse('2024-05-04T08:00:00Z');
/** The commit with this digit was made so many minutes after the first. */
export const commitTime = (digit: number): string => new Date(firstCommitAt + digit * minuteMs).toISOString();

/** A good build of main from the commit with this digit. */
export function buildBody(version: string, digit: number, more: Json = {}): Json {
  return {
    event: 'build',
    service: 'shop',
    version,
    repository: 'acme/shop',
    branch: 'main',
    commit: commitOf(digit),
    committedAt: commitTime(digit),
    run: `${version}/${digit}/1`,
    authors: [{ name: 'Alice Adams', email: 'alice@acme.example' }],
    ...more,
  };
}

/** As the worker on the inbox does it, without an inbox. */
export async function deliver({ builds }: Pick<Engine, 'builds'>, body: Json, hook = 'generic'): Promise<Settlement> {
  const ending = await builds.take({ hook, kind: '', document: body });
  return typeof ending === 'function' ? ending() : ending;
}

/** What the audit log reports of builds, and which deployments were asked for. */
export function reported({ audit }: Pick<Engine, 'audit'>): readonly AuditRow[] {
  const rows = audit.after(0, 1000);
  return rows.filter(({ action }) => action.startsWith('build-') || action === 'deployment-requested');
}

export const actionsReported = (engine: Pick<Engine, 'audit'>): readonly string[] =>
  reported(engine).map(({ action }) => action);

export function announced(engine: Pick<Engine, 'audit'>): BuildAnnounced {
  const row = reported(engine).findLast(({ action }) => action === 'build-announced');
  const event = row && readEvent(row);
  const found = event?.action === 'build-announced' ? buildAnnouncedIn(event) : undefined;
  if (!found) throw new Error('nothing was announced');
  return found;
}

export function reactionOf(engine: Pick<Engine, 'audit'>, target: string): TargetReaction {
  const found = announced(engine).reactions.find((each) => each.target === target);
  if (!found) throw new Error(`nothing was said of ${target}`);
  return found;
}
