// A file of zstd may contain several frames, one after the other, and frames that are to be skipped: `pzstd`, seekable
// archives and files that were appended to do. Node reads only the first frame, so this module cuts out and reads each.
// https://www.rfc-editor.org/rfc/rfc8878

import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import zlib from 'node:zlib';

const frameMagic = 0xfd2fb528;
/** The last digit may be any. */
const skippableMagic = 0x184d2a50;
/** A bound on the work that a hostile file can cause; frames of real archives are megabytes long. */
const mostFrames = 100_000;

/** For `pipeline`: what the frames hold, one after the other. */
export async function* unzstd(source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const bytes = createReader(source);
  for (let frames = 0; !(await bytes.ended()); frames++) {
    if (frames === mostFrames) throw new Error(`it holds more than ${mostFrames} zstd frames`);
    const magic = await bytes.take(4);
    const number = magic.readUInt32LE();
    if ((number & 0xfffffff0) >>> 0 === skippableMagic) await bytes.skip((await bytes.take(4)).readUInt32LE());
    else if (number === frameMagic) yield* unzipped(frameFrom(magic, bytes));
    else throw new Error('something follows its last zstd frame');
  }
}

async function* unzipped(frame: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const unzip = zlib.createZstdDecompress();
  const feeding = pipeline(Readable.from(frame), unzip);
  // Thrown from `unzip` below, too.
  feeding.catch(() => undefined);
  yield* unzip;
  await feeding;
}

async function* frameFrom(magic: Buffer, bytes: Reader): AsyncGenerator<Buffer> {
  yield magic;
  const descriptor = await bytes.take(1);
  yield descriptor;
  const { headerBytes, hasChecksum } = read(descriptor.readUInt8());
  yield await bytes.take(headerBytes);
  for (let last = false; !last; ) {
    const block = await bytes.take(3);
    yield block;
    const header = block.readUIntLE(0, 3);
    last = (header & 1) === 1;
    // A block of one repeated byte holds it once, whatever its size says.
    yield await bytes.take(((header >> 1) & 3) === 1 ? 1 : header >> 3);
  }
  if (hasChecksum) yield await bytes.take(4);
}

/** How long the rest of the frame's header is. */
function read(descriptor: number): { readonly headerBytes: number; readonly hasChecksum: boolean } {
  const isSingleSegment = (descriptor & 0x20) !== 0;
  const sizeBytes = [isSingleSegment ? 1 : 0, 2, 4, 8][descriptor >> 6] ?? 0;
  const dictionaryBytes = [0, 1, 2, 4][descriptor & 3] ?? 0;
  return {
    headerBytes: (isSingleSegment ? 0 : 1) + dictionaryBytes + sizeBytes,
    hasChecksum: (descriptor & 4) !== 0,
  };
}

interface Reader {
  ended(): Promise<boolean>;
  /** At most 2 MB, the largest size that a block's header can say. */
  take(count: number): Promise<Buffer>;
  skip(count: number): Promise<void>;
}

function createReader(source: AsyncIterable<Buffer>): Reader {
  const chunks = source[Symbol.asyncIterator]();
  let held: Buffer = Buffer.alloc(0);

  async function more(): Promise<boolean> {
    const next = await chunks.next();
    if (next.done === true) return false;
    held = held.length === 0 ? next.value : Buffer.concat([held, next.value]);
    return true;
  }

  return {
    async ended() {
      return held.length === 0 && !(await more());
    },
    async take(count) {
      while (held.length < count) if (!(await more())) throw new Error('it ends within a zstd frame');
      const taken = held.subarray(0, count);
      held = held.subarray(count);
      return taken;
    },
    async skip(count) {
      for (let left = count; left > 0; ) {
        if (held.length === 0 && !(await more())) throw new Error('it ends within a zstd frame');
        const step = Math.min(left, held.length);
        held = held.subarray(step);
        left -= step;
      }
    },
  };
}
