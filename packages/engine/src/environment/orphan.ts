// What a sweep of an environment finds.

/** Something of ours that no slot owns: left by an attempt that was killed. */
export interface Orphan {
  readonly kind: 'process' | 'file' | 'socket' | 'container';
  readonly what: string;
}
