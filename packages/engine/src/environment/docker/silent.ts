// Instances on a host that does not answer. The other hosts are neither waited for nor judged because of it.

import { hasCode, messageOf } from '../../lib/errors.ts';
import { within } from '../../lib/tasks.ts';
import type { InstanceKey, SlotObservation } from '../environment.ts';
import type { Unknown } from '../unknown.ts';
import { unreachable } from './client.ts';
import { inspectInstance } from './inspect.ts';
import { type LiveRecord, liveRecord } from './record.ts';
import type { Room } from './room.ts';

/** Of one look at one of several hosts. */
const lookMs = 5_000;

/** @throws BlueGreenError `environment-unreachable` where there is no other host that could answer */
export async function inspectOrUnknown(room: Room, place: InstanceKey): Promise<SlotObservation | Unknown> {
  const record = liveRecord(room, place);
  if (!record || room.settingsOf(place).hosts.length === 1) return inspectInstance(room, place);
  try {
    const client = room.clientOf(place, record.container.host);
    const silence = client.silence();
    // It is asked again meanwhile, without anybody who waits.
    if (silence?.hangs) throw unreachable(client.host, silence.problem);
    const looking = inspectInstance(room, place);
    looking.catch(() => undefined);
    const seen = await within(lookMs, looking, { clock: room.clock });
    if (seen) return seen;
    throw unreachable(client.host, `no answer within ${lookMs / 1000} s`);
  } catch (thrown) {
    const unknown = silent(room, place, record, thrown);
    if (unknown) return unknown;
    throw thrown;
  }
}

/** Undefined: it answered, and the failure is another one. */
export function silent(
  room: Room,
  place: InstanceKey,
  { container }: LiveRecord,
  thrown: unknown,
): Unknown | undefined {
  if (!hasCode(thrown, 'environment-unreachable')) return undefined;
  const configured = room.settingsOf(place).hosts.some(({ name }) => name === container.host);
  const silence = configured ? room.clientOf(place, container.host).silence() : undefined;
  const since = silence?.since ?? room.clock.now();
  return { kind: 'unknown', host: container.host, since, problem: messageOf(thrown) };
}
