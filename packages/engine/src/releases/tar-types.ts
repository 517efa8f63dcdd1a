// What each entry of a tar is, by its type flag, before the decoder sees it: the decoder takes every flag that it does not
// know for a file, and a sparse file of GNU tar would land with a wrong content.

import { Transform } from 'node:stream';
import { refused, shownName } from './refused.ts';

const blockBytes = 512;
const mostMetaBytes = 8 << 20;
/** Files, links, devices, folders, pipes. A NUL, and `7`, are files, too. */
const plain = '\x0001234567';
const bodyless = '123456';
/** Extended headers and long names: they say something about what follows. */
const meta = 'xgLK';

export const sparseCure = 'pack it without -S or --sparse (GNU tar), or with --no-read-sparse (bsdtar)';

const refusals: Readonly<Record<string, string>> = {
  S: `is a sparse file; ${sparseCure}`,
  D: 'is a folder of an incremental archive; pack it without --listed-incremental',
  M: 'is the rest of a file from another volume; pack all into one archive',
};

/** Lets everything through but the label of a volume, which `tar -V` writes and which is no file. */
export function createTypeGuard(): Transform {
  let held: Buffer = Buffer.alloc(0);
  let body = 0;
  let keepsBody = true;
  /** Of the extended header under way, and what it says about the size of the entry after it. */
  let extended: { readonly isGlobal: boolean; readonly parts: Buffer[] } | undefined;
  const said: { next?: number | undefined; all?: number | undefined } = {};

  /** Whether the entry passes; so does `readBody`. */
  function header(block: Buffer): boolean {
    // Also an end of zeros. What is no header is refused by the decoder.
    if (!isHeader(block)) return true;
    const flag = String.fromCharCode(block[156] ?? 0);
    const isMeta = meta.includes(flag);
    if (!isMeta && flag !== 'V' && !plain.includes(flag)) throw refusalOf(flag, block);
    const size = isMeta ? sizeIn(block) : bodyless.includes(flag) ? 0 : (said.next ?? said.all ?? sizeIn(block));
    if (isMeta && size > mostMetaBytes) throw new Error('an extended header is too long');
    extended = flag === 'x' || flag === 'g' ? { isGlobal: flag === 'g', parts: [] } : undefined;
    if (!isMeta) said.next = undefined;
    body = size + (-size & (blockBytes - 1));
    keepsBody = flag !== 'V';
    return keepsBody;
  }

  function readBody(chunk: Buffer): boolean {
    body -= chunk.length;
    extended?.parts.push(chunk);
    if (body === 0 && extended) {
      const size = /(?:^|\n)\d+ size=(\d{1,15})\n/.exec(Buffer.concat(extended.parts).toString('latin1'))?.[1];
      if (size !== undefined) said[extended.isGlobal ? 'all' : 'next'] = Number(size);
      extended = undefined;
    }
    return keepsBody;
  }

  /** The next whole header, or as much of a body as has come; undefined when more must come first. */
  function nextPart(): Buffer | undefined {
    if (held.length === 0 || (body === 0 && held.length < blockBytes)) return undefined;
    const part = held.subarray(0, body === 0 ? blockBytes : Math.min(body, held.length));
    held = held.subarray(part.length);
    return part;
  }

  return new Transform({
    transform(chunk: Buffer, _, done) {
      try {
        held = held.length === 0 ? chunk : Buffer.concat([held, chunk]);
        for (let part = nextPart(); part; part = nextPart()) {
          const passes = body === 0 ? header(part) : readBody(part);
          if (passes) this.push(part);
        }
        done();
      } catch (thrown) {
        done(thrown as Error);
      }
    },
    flush(done) {
      done(null, held);
    },
  });
}

function refusalOf(flag: string, block: Buffer): Error {
  const name = shownName(block.subarray(0, 100).toString('utf8').replace(/\0.*$/s, ''));
  return refused(`${name} ${refusals[flag] ?? `is of a type that is not known, ${JSON.stringify(flag)}`}`);
}

function isHeader(block: Buffer): boolean {
  const sum = block.reduce((all, byte, at) => all + (at >= 148 && at < 156 ? 0x20 : byte), 0);
  return sum === Number.parseInt(block.toString('latin1', 148, 156).replace(/\0.*$/s, '').trim(), 8);
}

/** Octal text, or binary where the first bit is set. What is no number is left to the decoder, which refuses it. */
function sizeIn(block: Buffer): number {
  const field = block.subarray(124, 136);
  if (((field[0] ?? 0) & 0x80) === 0) {
    const size = Number.parseInt(field.toString('latin1').replace(/\0.*$/s, '').trim() || '0', 8);
    return Number.isSafeInteger(size) ? size : 0;
  }
  const size = field.subarray(1).reduce((sum, byte) => sum * 256 + byte, (field[0] ?? 0) & 0x7f);
  return Number.isSafeInteger(size) ? size : 0;
}
