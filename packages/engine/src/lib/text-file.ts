// Bytes from outside as text: UTF-8 with or without a byte order mark, and no other encoding is guessed.

import { isUtf8 } from 'node:buffer';

export type Decoded =
  | { readonly text: string; readonly fault?: never }
  | { readonly text?: never; readonly fault: string };

export function decodeText(bytes: Buffer): Decoded {
  if (/^(?:\xff\xfe|\xfe\xff)/.test(bytes.toString('latin1', 0, 2)))
    return { fault: 'is UTF-16 text; save it as UTF-8' };
  return isUtf8(bytes) ? { text: withoutMark(bytes.toString('utf8')) } : { fault: 'is not UTF-8 text' };
}

/** Editors of Windows and some JSON libraries put a byte order mark first; it is part of the encoding, not the text. */
export const withoutMark = (text: string): string => text.replace(/^\uFEFF/, '');
