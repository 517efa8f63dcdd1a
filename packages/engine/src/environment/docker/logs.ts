// The output of a slot's containers, copied from Docker into the slot's log file: it is read where the containers are not,
// and when they are gone. Docker retains it until it is copied, so that an engine that was down misses nothing.

import { appendFileSync } from 'node:fs';
import { BlueGreenError, messageOf } from '../../lib/errors.ts';
import { readFileIfAny, writeFileAtomic } from '../../lib/files.ts';
import { withKernelLock } from '../../lib/kernel-lock.ts';
import type { InstanceKey } from '../environment.ts';
import { rotatePieces } from '../log-pieces.ts';
import { type DockerClient, unlessMissing } from './client.ts';
import { logFileOf, placeFields, type Room } from './room.ts';

/** A container of an instance. */
export interface LogSource {
  readonly client: DockerClient;
  readonly id: string;
  readonly maxBytes?: number | undefined;
}

/** Of one copy. What is more is left out, with a line that says so. */
const mostLines = 10_000;
const defaultMaxBytes = 50_000_000;
const lockMs = 5_000;

/** What was written since the last copy. A log that cannot be copied now is copied the next time. */
export async function copyLog(room: Room, place: InstanceKey, source: LogSource): Promise<void> {
  const { service, target, slot, instance = 1 } = place;
  const name = `bg-log/${room.mark}/${service}/${target}/${slot}${instance === 1 ? '' : `/${instance}`}`;
  const refused = () => new BlueGreenError('lease-held', 'another process copies the log of this slot');
  try {
    await withKernelLock({ name, waitMs: lockMs, clock: room.clock, refused }, () => copyOn(room, place, source));
  } catch (thrown) {
    room.log.warn({ ...placeFields(place), problem: messageOf(thrown) }, 'the log of a container was not copied');
  }
}

async function copyOn(
  room: Room,
  place: InstanceKey,
  { client, id, maxBytes = defaultMaxBytes }: LogSource,
): Promise<void> {
  const file = logFileOf(room, place);
  const cursor = readCursor(file, id);
  const since = sinceOf(cursor);
  const bytes = await unlessMissing(
    client.ask((docker, abortSignal) =>
      docker.getContainer(id).logs({
        follow: false,
        stdout: true,
        stderr: true,
        timestamps: true,
        tail: mostLines,
        ...(since === undefined ? {} : { since }),
        abortSignal,
      } as { readonly follow: false }),
    ),
  );
  if (!bytes) return;
  const found = piecesOf(bytes);
  const fresh = found.filter(({ stream, at }) => at > (cursor[stream] ?? ''));
  if (fresh.length === 0) return;
  const left = found.length >= mostLines ? '--- lines were left out here: more was written than is copied ---\n' : '';
  rotatePieces(file, maxBytes);
  appendFileSync(file, left + fresh.map(({ text }) => text).join(''), { mode: 0o600 });
  const last = (of: Piece['stream']) => fresh.findLast(({ stream }) => stream === of)?.at ?? cursor[of];
  writeFileAtomic(cursorFile(file), `${JSON.stringify({ id, out: last('out'), err: last('err') })}\n`);
}

/** The time of the last line of each stream that was copied. */
interface Cursor {
  readonly out?: string;
  readonly err?: string;
}

const cursorFile = (log: string): string => `${log}.copied`;

function readCursor(log: string, id: string): Cursor {
  try {
    const { id: of, ...cursor } = JSON.parse(readFileIfAny(cursorFile(log)) ?? '{}') as Cursor & { id?: string };
    return of === id ? cursor : {};
  } catch {
    return {};
  }
}

/** The two streams are not read in the order of their times, to the microsecond. */
const overlapSeconds = 1;

/** Docker takes seconds since the epoch. */
function sinceOf({ out, err }: Cursor): number | undefined {
  const latest = [out, err]
    .filter((at) => at !== undefined)
    .toSorted()
    .at(-1);
  return latest === undefined ? undefined : Math.floor(Date.parse(latest) / 1000) - overlapSeconds;
}

interface Piece {
  readonly stream: 'out' | 'err';
  /** As Docker has it, of a fixed length. */
  readonly at: string;
  readonly text: string;
}

const headerBytes = 8;

/** Each frame: one byte for the stream, three of nothing, four for the length, then the time, a space and the text. */
function piecesOf(bytes: Buffer): readonly Piece[] {
  const pieces: Piece[] = [];
  for (let at = 0; at + headerBytes <= bytes.length; ) {
    const end = at + headerBytes + bytes.readUInt32BE(at + 4);
    const frame = bytes.toString('utf8', at + headerBytes, end);
    const space = frame.indexOf(' ');
    pieces.push({ stream: bytes[at] === 2 ? 'err' : 'out', at: frame.slice(0, space), text: frame.slice(space + 1) });
    at = end;
  }
  return pieces;
}
