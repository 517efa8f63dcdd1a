// Follows one deployment to its end, and executes it if no controller runs.

import type { DeploymentView } from '@bg/engine';
import type { Progress, ProgressKind } from '../screen.ts';
import type { Reader, Session } from '../session.ts';
import { createForegroundDriver, type ForegroundDriver } from './driver.ts';

export interface FollowOptions {
  readonly id: string;
  readonly progress: ProgressKind;
  /** Leave when the deployment waits for a person, instead of waiting along with it. */
  readonly leaveWhenWaiting: boolean;
}

/** `waiting`: left because a person is awaited; `stopped`: by Ctrl-C. `drove`: it was driven from here until now. */
export interface FollowEnd {
  readonly kind: 'finished' | 'waiting' | 'stopped';
  readonly view: DeploymentView;
  readonly drove: boolean;
}

const lookMs = 1000;
/** The controller started here needs at most this long to see a signal that was just given (promote after a hold). */
const settleMs = 5000;

export async function follow(session: Session, options: FollowOptions): Promise<FollowEnd> {
  const progress = session.screen.progress(options.progress);
  const driver = createForegroundDriver(session.engine);
  // What is driven from here goes on without a reader.
  session.reader.isOutlived = session.actor.kind !== 'stranger';
  let end: FollowEnd;
  try {
    end = await watch(session, options, driver, progress.show);
  } catch (thrown) {
    progress.end();
    await driver.stop().catch(() => undefined);
    throw thrown;
  }
  progress.end();
  await driver.stop();
  // Without a reader, the exit code is the only answer that is left.
  session.reader.isOutlived = session.reader.hasLeft;
  return end;
}

async function watch(
  session: Session,
  options: FollowOptions,
  driver: ForegroundDriver,
  show: Progress['show'],
): Promise<FollowEnd> {
  const { engine, screen, stop, actor, reader } = session;
  const { id } = options;
  const mayDrive = actor.kind !== 'stranger';
  const sayNobodyDrives = once(() => screen.aside(nobodyDrives(mayDrive, id)));
  const sayDrivenOn = once(() => screen.aside(drivenOn(id, reader)));
  const waitsLong = createPatience(options);
  let drove = false;
  for (;;) {
    const view = engine.deployment(id);
    if (!view) throw new Error(`the deployment ${id} is gone from the state`);
    show(view, () => engine.timelines.trend(id));
    const kind = endOf(view, waitsLong(view), stop);
    if (kind) return { kind, view, drove };
    if (drove && !driver.running()) await driver.stop();
    if (!drove && !engine.controllerAlive()) {
      sayNobodyDrives();
      if (mayDrive) driver.start();
      drove = mayDrive;
    }
    // No process reads the output, and another process is the controller: there is nothing left to do here.
    if (reader.hasLeft && !drove) return { kind: 'stopped', view, drove };
    if (reader.hasLeft) sayDrivenOn();
    await engine.changed(lookMs, stop);
  }
}

function endOf({ outcome }: DeploymentView, isWaiting: boolean, stop: AbortSignal): FollowEnd['kind'] | undefined {
  if (outcome) return 'finished';
  if (stop.aborted) return 'stopped';
  return isWaiting ? 'waiting' : undefined;
}

/** True once the deployment has waited for a person so long that it is left. */
function createPatience({ leaveWhenWaiting }: FollowOptions): (view: DeploymentView) => boolean {
  let since: number | undefined;
  return (view) => {
    since = waitsForPerson(view) ? (since ?? Date.now()) : undefined;
    return leaveWhenWaiting && since !== undefined && Date.now() - since >= settleMs;
  };
}

function once(say: () => void): () => void {
  let isSaid = false;
  return () => {
    if (!isSaid) say();
    isSaid = true;
  };
}

function drivenOn(id: string, { problem }: Reader): string {
  const why =
    problem === undefined ? 'The reader of this output has left.' : `This output cannot be written (${problem}).`;
  return `${why} The deployment ${id} is driven on from here (pid ${process.pid}) until it ends.`;
}

function nobodyDrives(mayDrive: boolean, id: string): string {
  return mayDrive
    ? 'No process drives deployments now, so this one is driven from here. Ctrl-C stops the driving, not the deployment.'
    : `No process drives deployments now. A person of the configured list can: bg follow ${id}`;
}

function waitsForPerson({ approval, waitsFor, paused }: DeploymentView): boolean {
  return approval?.status === 'pending' || waitsFor === 'people' || paused !== undefined;
}
