// The name of what is deployed as other programs know it: a package URL, without an address that may hold a secret.

import type { ArtifactSource } from '../../domain/artifact.ts';

export interface Packaged {
  readonly service: string;
  readonly version: string;
  readonly artifact: ArtifactSource | undefined;
}

/** `pkg:oci/shop@sha256%3A…?repository_url=…` for an image, otherwise `pkg:generic/shop@v1.1`, with the checksum if known. */
export function purlOf({ service, version, artifact }: Packaged): string {
  if (artifact?.kind === 'image') return imagePurl(artifact.reference) ?? generic(service, version, undefined);
  const sha256 = artifact && 'sha256' in artifact ? artifact.sha256 : undefined;
  return generic(service, version, sha256);
}

function generic(service: string, version: string, sha256: string | undefined): string {
  const checksum = sha256 === undefined ? '' : `?checksum=sha256:${encodeURIComponent(sha256)}`;
  return `pkg:generic/${encodeURIComponent(service)}@${encodeURIComponent(version)}${checksum}`;
}

/** `[registry[:port]/][path/]name[:tag][@sha256:digest]` */
function imagePurl(reference: string): string | undefined {
  const [, repository = '', tag, digest] =
    /^([^@\s]+?)(?::([A-Za-z0-9_][A-Za-z0-9._-]{0,127}))?(?:@(sha256:[0-9a-f]{64}))?$/.exec(reference) ?? [];
  const name = repository.split('/').at(-1)?.toLowerCase();
  if (!name) return undefined;
  const version = digest === undefined ? '' : `@${encodeURIComponent(digest)}`;
  const place = encodeURIComponent(repository.toLowerCase()).replaceAll('%2F', '/').replaceAll('%3A', ':');
  return `pkg:oci/${encodeURIComponent(name)}${version}?repository_url=${place}${tag === undefined ? '' : `&tag=${tag}`}`;
}
