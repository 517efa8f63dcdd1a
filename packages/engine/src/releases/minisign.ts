// Signatures of minisign: Ed25519 over the file (`Ed`) or over its BLAKE2b-512 (`ED`), and a second one that covers the
// trusted comment. https://jedisct1.github.io/minisign/

import { createHash, createPublicKey, verify } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { withoutMark } from '../lib/text-file.ts';
import { refused, sizeText } from './refused.ts';
import { checkSignedFor, type SignedRelease } from './signed-for.ts';

/** The old form signs the file itself, which must be in memory as a whole for that. */
const maxUnhashedBytes = 256 * 1024 ** 2;

/** @throws BlueGreenError `artifact-refused` unless `signature` is one of `file`, by one of `keys`, for this release. */
export async function checkSignature(input: {
  readonly file: string;
  readonly signature: string;
  readonly keys: readonly string[];
  /** Undefined: whatever it was signed for. */
  readonly release: SignedRelease | undefined;
}): Promise<void> {
  const { file, keys } = input;
  const { algorithm, keyId, bytes, trustedComment, global } = parseSignature(input.signature);
  const key = keys.map(parseKey).find(({ id }) => id.equals(keyId));
  if (!key) throw refused(`it is signed by the key ${idText(keyId)}, which is not one of \`artifacts.publicKeys\``);
  const signed = algorithm === 'ED' ? await blake2b(file) : await whole(file);
  if (!verify(null, signed, key.key, bytes)) throw refused(`its signature by ${idText(keyId)} does not fit the file`);
  if (!verify(null, Buffer.concat([bytes, Buffer.from(trustedComment)]), key.key, global))
    throw refused(`the trusted comment of its signature by ${idText(keyId)} was changed`);
  if (input.release) checkSignedFor(trustedComment, input.release);
}

interface Signature {
  readonly algorithm: 'Ed' | 'ED';
  readonly keyId: Buffer;
  readonly bytes: Buffer;
  readonly trustedComment: string;
  readonly global: Buffer;
}

function parseSignature(text: string): Signature {
  const [untrusted = '', first = '', trusted = '', second = ''] = withoutMark(text).split(/\r?\n/);
  const packed = Buffer.from(first, 'base64');
  const global = Buffer.from(second, 'base64');
  const algorithm = packed.toString('latin1', 0, 2);
  const prefix = 'trusted comment: ';
  if (
    !untrusted.startsWith('untrusted comment: ') ||
    !trusted.startsWith(prefix) ||
    packed.length !== 74 ||
    global.length !== 64 ||
    (algorithm !== 'Ed' && algorithm !== 'ED')
  )
    throw refused('the .minisig file next to it is no signature of minisign');
  return {
    algorithm,
    keyId: packed.subarray(2, 10),
    bytes: packed.subarray(10),
    trustedComment: trusted.slice(prefix.length),
    global,
  };
}

/** SubjectPublicKeyInfo of Ed25519, up to the 32 bytes of the key. */
const spki = Buffer.from('302a300506032b6570032100', 'hex');

function parseKey(text: string) {
  const packed = Buffer.from(text, 'base64');
  if (packed.length !== 42 || packed.toString('latin1', 0, 2) !== 'Ed')
    throw refused('`artifacts.publicKeys` holds one that is no public key of minisign');
  const key = createPublicKey({ key: Buffer.concat([spki, packed.subarray(10)]), format: 'der', type: 'spki' });
  return { id: packed.subarray(2, 10), key };
}

/** As minisign shows it. */
const idText = (id: Buffer): string => Buffer.from(id).reverse().toString('hex').toUpperCase();

async function blake2b(file: string): Promise<Buffer> {
  const hash = createHash('blake2b512');
  for await (const chunk of createReadStream(file)) hash.update(chunk as Buffer);
  return hash.digest();
}

async function whole(file: string): Promise<Buffer> {
  const { size } = await stat(file);
  if (size > maxUnhashedBytes)
    throw refused(
      `it is larger than ${sizeText(maxUnhashedBytes)} and signed in the old way: sign it with minisign -H`,
    );
  return readFile(file);
}
