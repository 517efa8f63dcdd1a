// Where the files of a release come from, and how it is known that they are the ones that CI announced.

export type ArtifactSource =
  /** In one of the configured folders of this machine. */
  | { readonly kind: 'directory'; readonly path: string }
  /** `.tar.gz` or `.tar.zst` of this machine. */
  | { readonly kind: 'archive'; readonly path: string; readonly sha256: string | undefined }
  | { readonly kind: 'url'; readonly url: string; readonly sha256: string | undefined }
  /** An image, resolved to its digest. */
  | { readonly kind: 'image'; readonly reference: string }
  /** Built here by the configured command. */
  | { readonly kind: 'git'; readonly repository: string; readonly ref: string };
