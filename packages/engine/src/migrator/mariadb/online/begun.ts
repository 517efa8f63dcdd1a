// What the ledger holds while a tool is at work.

import type { ProcessMark } from '../../../lib/process-mark.ts';
import type { Before } from './remains.ts';

export interface BegunTool {
  readonly name: string;
  readonly before: Before;
  /** Where it runs; undefined until it has started. */
  readonly process?: { readonly host: string; readonly mark: ProcessMark };
  /** The last line of its progress. */
  readonly line?: string;
}
