// Both sides of a target next to each other: what runs there, with what it was started, how it does.

import type { Role, SlotName } from '../domain/target.ts';
import type { SideNumbers } from './timeline.ts';
import type { SlotView } from './views.ts';

export interface ComparedSide {
  readonly slot: SlotName;
  readonly role: Role;
  readonly version: string | undefined;
  readonly commit: string | undefined;
  readonly digest: string | undefined;
  readonly since: number | undefined;
  readonly health: SlotView['health'];
  readonly healthProblem: string | undefined;
  readonly port: number;
  readonly cpuPercent: number | undefined;
  readonly memoryBytes: number | undefined;
  readonly open: number | undefined;
  readonly restarts: number;
  /** Of the command, variables and env files that it was started with; equal digests are equal settings. */
  readonly configuration: string | undefined;
  readonly envFiles: readonly string[];
  /** The health rule that it is judged by, as far as it can be written down. */
  readonly rule: Readonly<Record<string, string>>;
  /** Of the last minutes; undefined where the balancer counts nothing. */
  readonly numbers: SideNumbers | undefined;
  /** Whether it can run on the present schema; undefined without a database. */
  readonly schema: { readonly verdict: string; readonly evidence: string } | undefined;
}

export interface ComparedVariable {
  readonly name: string;
  /** Which side has it; `both`: with different values. */
  readonly of: SlotName | 'both';
  /** Only of what the configuration writes out and what does not look like a secret. */
  readonly values: Readonly<Partial<Record<SlotName, string>>>;
}

export interface SidesView {
  readonly service: string;
  readonly target: string;
  readonly name: string;
  readonly at: number;
  /** Since when `numbers` are counted. */
  readonly sinceMs: number;
  readonly blue: ComparedSide;
  readonly green: ComparedSide;
  /** Undefined where they cannot be compared: a side does not run, or another state folder made its marks. */
  readonly variables: readonly ComparedVariable[] | undefined;
  readonly commandDiffers: boolean | undefined;
}
