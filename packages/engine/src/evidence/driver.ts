// What the folder of a source of evidence exports: all that the configuration and the engine know of it. The list of
// drivers is compose/drivers.ts.

import type { z } from 'zod';
import type { Draft } from '../config/kit/draft.ts';
import type { Path } from '../config/kit/path.ts';
import type { Finding } from '../config/kit/problems.ts';
import type { SideUse } from '../domain/evidence.ts';
import type { SlotName } from '../domain/target.ts';
import type { Clock } from '../lib/clock.ts';
import type { EvidenceSource } from './source.ts';

export interface EvidenceDriver<Keys extends z.ZodType = z.ZodType, Settings = unknown> {
  /** In the configuration: the value of `source`, and the key that its own settings are under. */
  readonly name: string;
  /** For the documentation of the key `source`. */
  readonly summary: string;
  readonly keys: Keys;
  /** Whether it sends the header of the key `authorization`. */
  readonly takesAuthorization: boolean;
  /** Whether it answers with a pair of counters for each side, which are compared as the judge compares errors. */
  isPair?(own: Draft<z.infer<Keys>>): boolean;
  /** Whether it answers with a number, which needs `max` or `min`. */
  isNumber?(own: Draft<z.infer<Keys>>): boolean;
  /** The problems of its own settings. `at`: where they are in the file. */
  check?(own: Draft<z.infer<Keys>>, at: Path): readonly Finding[];
  /** Keys that it asks with. Kept apart from its settings, which are compared, stored and shown. */
  secrets?(own: z.infer<Keys>): Readonly<Record<string, string>>;
  /** Its own settings with defaults filled in, without its secrets. */
  resolve(own: z.infer<Keys>): Settings;
  /** For a plan, with placeholders as they are in the file: `fewer than 5 % of http_requests_total …`. */
  describe(settings: Settings): string;
  /** Asks nothing yet. */
  create(parts: EvidenceParts<Settings>): EvidenceSource;
}

export interface EvidenceParts<Settings = unknown> {
  readonly settings: Settings;
  /** The value of the header `authorization`. */
  readonly authorization: string | undefined;
  /** What `secrets` of the driver returned. */
  readonly secrets: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
  readonly clock: Clock;
  /** Reads what a side takes of the machine. @throws BlueGreenError `evidence-unreadable` with the reason */
  readonly usage: (slot: SlotName) => Promise<SideUse>;
}
