// The small file by which a release names an image: its only file, or next to what the image says of itself.

import { join } from 'node:path';
import { z } from 'zod';
import { BlueGreenError } from './errors.ts';
import { readFileIfAny } from './files.ts';
import { withoutMark } from './text-file.ts';

export interface Image {
  /** Without a tag or digest. */
  readonly name: string;
  /** `sha256:…` of its manifest or index. */
  readonly digest: string;
  /** It lies in the folder of the release; then `digest` is that of its configuration, which is its id. */
  readonly archive?: { readonly config: string; readonly layers: readonly string[] } | undefined;
}

export const imageFile = 'bluegreen.image.json';
const shape = z.strictObject({
  name: z.string(),
  digest: z.string().regex(/^sha256:[0-9a-f]{64}$/),
  archive: z
    .strictObject({ config: z.string(), layers: z.array(z.string()).readonly() })
    .readonly()
    .optional(),
});

/** Undefined for a release of files. @throws BlueGreenError `release-invalid` */
export function readImage(releaseFolder: string): Image | undefined {
  const text = readFileIfAny(join(releaseFolder, imageFile));
  if (text === undefined) return undefined;
  try {
    return shape.parse(JSON.parse(withoutMark(text)));
  } catch (thrown) {
    throw new BlueGreenError('release-invalid', `${imageFile} of ${releaseFolder} names no image`, {}, thrown);
  }
}
