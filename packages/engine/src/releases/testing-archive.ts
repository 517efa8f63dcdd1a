// Archives for tests, sound and hostile.

import { createHash } from 'node:crypto';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { packTar, type TarHeader } from 'modern-tar';

export interface TestEntry extends Partial<TarHeader> {
  readonly name: string;
  readonly body?: string | Uint8Array;
}

export async function tarOf(entries: readonly TestEntry[]): Promise<Buffer> {
  const packed = await packTar(
    entries.map(({ body = '', ...header }) => ({
      header: { type: 'file' as const, mode: 0o644, ...header, size: header.size ?? Buffer.byteLength(body) },
      body,
    })),
  );
  return Buffer.from(packed);
}

export const gzipOf = async (entries: readonly TestEntry[]): Promise<Buffer> => gzipSync(await tarOf(entries));
export const zstdOf = async (entries: readonly TestEntry[]): Promise<Buffer> => zstdCompressSync(await tarOf(entries));
export const sha256Of = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');
