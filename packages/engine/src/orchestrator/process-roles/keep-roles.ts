// One look at the roles of a side: one whose processes have ended is started again, with a growing wait, and a person is
// paged when that happens again and again.

import type { ProcessRoleSettings } from '../../config/process-roles/process-roles.ts';
import type { SlotObservation } from '../../environment/environment.ts';
import { instancesOf } from '../../environment/instances.ts';
import { hasCode, messageOf } from '../../lib/errors.ts';
import type { Tx } from '../../state/store.ts';
import { backoff } from '../controller/restarting.ts';
import { problemOfRole } from './check-role.ts';
import { startOne } from './hand-over.ts';
import { type Keeper, type Kept, placeOfRole, rolesOf, type Side } from './places.ts';
import { noteRole, type RoleSeen, readRoles, roleIn } from './seen.ts';

export async function keepRoles(keeper: Keeper, { side, which }: Kept): Promise<void> {
  const roles = rolesOf(keeper.target).filter(({ inPreview }) => which === 'all' || inPreview);
  await Promise.all(roles.map((role) => keepRole(keeper, side, role)));
}

interface Look {
  readonly keeper: Keeper;
  readonly side: Side;
  readonly role: ProcessRoleSettings;
  readonly before: RoleSeen;
  readonly seen: SlotObservation;
}

async function keepRole(keeper: Keeper, side: Side, role: ProcessRoleSettings): Promise<void> {
  const { core, target, signal } = keeper;
  const seen = await inspect(keeper, side, role);
  // Of an instance on a machine that does not answer nothing is known: nothing is started in its place.
  if (!seen || signal.aborted || instancesOf(seen).some(({ kind }) => kind === 'unknown')) return;
  const { release, slot } = side;
  const known = roleIn(readRoles(core.store.db, target.key), { slot, role: role.name });
  const before = known?.digest === release.digest ? known : newlySeen(side, role);
  const look: Look = { keeper, side, role, before, seen };
  const isComplete = instancesOf(seen).every(({ kind }) => kind === 'running') && isOf(seen, side, role);
  if (isComplete) return noteWell(look);
  if (before.nextStartAt === undefined) return noteEnded(look);
  if (
    core.clock.now() >= before.nextStartAt ||
    before.nextStartAt - core.clock.now() > target.settings.crash.maxRestartMs
  )
    await startAgain(look);
}

async function inspect(
  { target }: Keeper,
  { slot }: Side,
  role: ProcessRoleSettings,
): Promise<SlotObservation | undefined> {
  try {
    return await target.environment.inspect(placeOfRole(target, slot, role));
  } catch (thrown) {
    if (hasCode(thrown, 'environment-unreachable')) return undefined;
    throw thrown;
  }
}

const isOf = (seen: SlotObservation, { release }: Side, { instances }: ProcessRoleSettings): boolean =>
  seen.kind === 'running' && seen.digest === release.digest && instancesOf(seen).length === instances;

const newlySeen = ({ slot, release }: Side, { name, instances }: ProcessRoleSettings): RoleSeen => ({
  slot,
  role: name,
  version: release.version,
  digest: release.digest,
  running: 0,
  of: instances,
  pids: [],
  since: undefined,
  restarts: 0,
  problem: undefined,
  nextStartAt: undefined,
  crashes: [],
  isPaged: false,
  failures: 0,
});

async function noteWell({ keeper, side, role, before, seen }: Look): Promise<void> {
  const { core, target, lease, signal } = keeper;
  const problem = await problemOfRole({ core, target, side, role, signal });
  const most = role.check?.rule.failures ?? 1;
  const failures = problem === undefined ? 0 : Math.min(before.failures + 1, most);
  const isIll = failures >= most;
  const startedAt = seen.kind === 'running' ? seen.startedAt : 0;
  const ageMs = core.clock.now() - startedAt;
  const isStable = ageMs < 0 || ageMs >= 10 * target.settings.health.intervalMs;
  const recovered = isStable && problem === undefined && countOf(before, keeper).length === 0;
  const now: RoleSeen = {
    ...before,
    ...shown(seen),
    problem: isIll ? problem : undefined,
    nextStartAt: undefined,
    failures,
    restarts: recovered ? 0 : before.restarts,
    isPaged: recovered ? false : before.isPaged,
  };
  if (isIll && !before.isPaged) return page({ keeper, side, role, before, seen }, now, `does not work (${problem})`);
  if (before.isPaged && recovered)
    return core.store.under(lease).write((tx) => {
      noteRole(tx.db, target.key, now, tx.now);
      say(tx, { keeper, side, role }, { action: 'role-recovered', what: `works again in ${side.slot}` });
    });
  core.store.note((db, at) => noteRole(db, target.key, now, at));
}

/** As far as it runs. */
function shown(seen: SlotObservation): Pick<RoleSeen, 'running' | 'pids' | 'since'> {
  const running = instancesOf(seen).flatMap((each) => (each.kind === 'running' ? [each] : []));
  return {
    running: running.length,
    pids: running.flatMap(({ pid }) => pid ?? []),
    since: seen.kind === 'running' ? seen.startedAt : undefined,
  };
}

/** The first start follows after `crash.firstRestart`. */
function noteEnded(look: Look): void {
  const { keeper, role, before, seen } = look;
  const { core, target, lease } = keeper;
  const ended = instancesOf(seen).flatMap((each) => (each.kind === 'stopped' ? [each] : []));
  const [first] = ended;
  const how = first?.lastExit === undefined ? '' : ` (${first.lastExit})`;
  // What an engine or the machine has ended is not the fault of the release.
  const isCrash = ended.some(({ endedBy }) => endedBy === undefined);
  const crashes = isCrash ? [...countOf(before, keeper), core.clock.now()].slice(-20) : countOf(before, keeper);
  const waitMs = isCrash ? backoff(target, Math.max(before.restarts, crashes.length - 1)) : 0;
  const nextStartAt = core.clock.now() + waitMs;
  const problem = `ended${how}`;
  const now: RoleSeen = { ...before, ...shown(seen), problem, nextStartAt, crashes };
  if (!isCrash) {
    core.store.note((db, at) => noteRole(db, target.key, now, at));
    return;
  }
  const lastLog = (first?.lastLog ?? []).slice(-10);
  core.store.under(lease).write((tx) => {
    noteRole(tx.db, target.key, now, tx.now);
    say(tx, look, { action: 'role-crashed', what: `${problem} in ${look.side.slot}; it is started again`, lastLog });
  });
  const { guard } = target.settings;
  if (crashes.length >= guard.crashes && !now.isPaged)
    page(look, now, `crashed ${crashes.length} times within ${Math.round(guard.withinMs / 60_000)} minutes`);
  core.log.warn({ target: target.name, role: role.name, slot: look.side.slot, problem }, 'a process role has ended');
}

const countOf = ({ crashes }: RoleSeen, { core, target }: Keeper): readonly number[] =>
  crashes.filter((at) => Math.abs(core.clock.now() - at) < target.settings.guard.withinMs);

async function startAgain(look: Look): Promise<void> {
  const { keeper, side, role, before } = look;
  const { core, target, lease } = keeper;
  const problem = await startOne(keeper, side, role).then(
    (isStarted) => (isStarted ? undefined : 'not-here'),
    (thrown: unknown) => {
      if (hasCode(thrown, 'fenced-out')) throw thrown;
      return messageOf(thrown);
    },
  );
  if (problem === 'not-here') return;
  const restarts = before.restarts + 1;
  const nextStartAt = problem === undefined ? undefined : core.clock.now() + backoff(target, restarts);
  const crashes = problem === undefined ? before.crashes : [...countOf(before, keeper), core.clock.now()].slice(-20);
  const now: RoleSeen = { ...before, restarts, nextStartAt, crashes, problem };
  core.store.under(lease).write((tx) => {
    noteRole(tx.db, target.key, now, tx.now);
    if (problem === undefined)
      say(tx, look, { action: 'role-restarted', what: `runs in ${side.slot} again (restart ${restarts})`, restarts });
    else
      say(tx, look, {
        action: 'role-restart-failed',
        what: `could not be started in ${side.slot}: ${problem}`,
        restarts,
      });
  });
  if (problem !== undefined && crashes.length >= target.settings.guard.crashes && !now.isPaged)
    page(look, now, `cannot be started: ${problem}`);
}

function page(look: Look, now: RoleSeen, why: string): void {
  const { core, target, lease } = look.keeper;
  core.store.under(lease).write((tx) => {
    noteRole(tx.db, target.key, { ...now, isPaged: true }, tx.now);
    say(tx, look, { action: 'role-paged', what: `${why}; a person must look at it` });
  });
}

interface Said {
  readonly action: 'role-crashed' | 'role-restarted' | 'role-restart-failed' | 'role-paged' | 'role-recovered';
  readonly restarts?: number;
  readonly lastLog?: readonly string[];
}

/** `more`: what the event holds beyond its role. */
function say(
  tx: Tx,
  { keeper: { target }, side: { slot, release }, role: { name } }: Pick<Look, 'keeper' | 'side' | 'role'>,
  { action, what, ...more }: Said & { readonly what: string },
): void {
  const detail = { slot, processRole: name, version: release.version, ...more };
  tx.audit({ ...target.key, actor: 'engine', action, sentence: `${name} of ${release.version} ${what}`, detail });
}
