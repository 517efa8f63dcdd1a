// The HEALTHCHECK of an image. Docker runs it, and may have stopped to: with live-restore it does after a restart. So what it
// says counts for a few of its intervals.

import type Docker from 'dockerode';
import { within } from '../../lib/tasks.ts';
import type { InstancePlace } from '../environment.ts';
import type { OwnCheck } from '../own-checks.ts';
import { findContainer } from './inspect.ts';
import { liveRecord } from './record.ts';
import type { Room } from './room.ts';

const askMs = 2_000;
const usualIntervalMs = 30_000;
const usualTimeoutMs = 30_000;
const longestOutput = 300;

/** Undefined where a host does not answer: that says nothing about the instance. */
export async function ownCheckOf(room: Room, place: InstancePlace): Promise<OwnCheck | undefined> {
  const record = liveRecord(room, place);
  const { healthcheck } = room.settingsOf(place);
  if (record?.container.hasCheck !== true || healthcheck === 'ignore') return undefined;
  try {
    const client = room.clientOf(place, record.container.host);
    if (client.silence()?.hangs) return undefined;
    const asking = findContainer(client, record.container.id);
    asking.catch(() => undefined);
    const found = await within(askMs, asking, { clock: room.clock });
    return found && describeCheck(found, { now: room.clock.now(), counts: healthcheck === 'require' });
  } catch {
    return undefined;
  }
}

type Found = Pick<Docker.ContainerInspectInfo, 'State' | 'Config'>;

/** Pure. @param now epoch milliseconds, by a clock that may differ from that of the host a little */
export function describeCheck(
  { State, Config }: Found,
  { now, counts }: { readonly now: number; readonly counts: boolean },
): OwnCheck | undefined {
  const status = State.Health?.Status;
  if (status !== 'starting' && status !== 'healthy' && status !== 'unhealthy') return undefined;
  const last = State.Health?.Log?.at(-1);
  const { Interval, Timeout } = (Config as { readonly Healthcheck?: Docker.HealthConfig }).Healthcheck ?? {};
  const [interval, timeout] = [milliseconds(Interval, usualIntervalMs), milliseconds(Timeout, usualTimeoutMs)];
  if (last && now - Date.parse(String(last.End)) > 3 * interval + timeout) return undefined;
  const output = last?.Output.trim().slice(0, longestOutput);
  const said = output ? `: ${output}` : '';
  return { status, counts, sentence: `the HEALTHCHECK of its image says ${status}${said}` };
}

/** Docker has nanoseconds, and 0 for its default. */
const milliseconds = (nanoseconds: number | undefined, otherwise: number): number =>
  nanoseconds === undefined || nanoseconds === 0 ? otherwise : nanoseconds / 1e6;

/** Whether the image has one that runs. */
export function hasCheck({ Config }: Pick<Docker.ImageInspectInfo, 'Config'>): boolean {
  const test = (Config as { readonly Healthcheck?: { readonly Test?: readonly string[] } }).Healthcheck?.Test ?? [];
  return test.length > 0 && test[0] !== 'NONE';
}
