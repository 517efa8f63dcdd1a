// What passed between the workspace and the app, newest last. Tokens and signatures are left out.
import { createWriteStream, type WriteStream } from 'node:fs';
import type { DeliveryKind } from './faults.ts';
import type { Json } from './json.ts';
import { announce, type Workspace } from './store.ts';

export interface Delivery {
  readonly id: string;
  readonly at: string;
  readonly kind: DeliveryKind;
  /** For people: "/deploy v2.1", "deploy.promote clicked". */
  readonly summary: string;
  readonly user: string;
  readonly transport: 'http' | 'socket' | 'none';
  readonly attempt: number;
  /** HTTP status; 200 for a socket's answer; null when none came. */
  readonly status: number | null;
  readonly ms: number;
  readonly ackBody: string;
  /** Slack's word for what went wrong: `operation_timeout` or `dispatch_failed`. */
  readonly error?: 'operation_timeout' | 'dispatch_failed';
  readonly payload: Json;
}

export interface ApiCall {
  readonly id: number;
  readonly at: string;
  readonly method: string;
  readonly args: Json;
  /** The answer to the app; null when the answer was dropped. */
  readonly status: number | null;
  readonly ok: boolean;
  readonly error?: string;
  readonly ms: number;
}

/** Something the app did that Slack tolerates and its users regret. */
export interface Violation {
  readonly at: string;
  readonly rule: 'replace_original_not_explicit' | 'no_top_level_text';
  readonly detail: string;
}

const KEPT = 1000;

export interface Journal {
  delivery(delivery: Delivery): void;
  apiCall(call: Omit<ApiCall, 'id'>): void;
  violation(violation: Omit<Violation, 'at'>): void;
  deliveries(): readonly Delivery[];
  apiCalls(): readonly ApiCall[];
  violations(): readonly Violation[];
  close(): Promise<void>;
}

export function createJournal(workspace: Workspace, path: string | undefined): Journal {
  const file = path === undefined ? undefined : createWriteStream(path, { flags: 'a' });
  file?.on('error', (error) => console.error(`simulator: the journal ${path} cannot be written: ${error.message}`));
  const deliveries: Delivery[] = [];
  const apiCalls: ApiCall[] = [];
  const violations: Violation[] = [];
  let calls = 0;

  function keep<T>(list: T[], entry: T, kind: string): void {
    list.push(entry);
    if (list.length > KEPT) list.shift();
    file?.write(`${JSON.stringify({ kind, ...entry })}\n`);
  }

  return {
    delivery: (delivery) => {
      keep(deliveries, delivery, 'delivery');
      announce(workspace, 'deliveries');
    },
    apiCall: (call) => {
      calls += 1;
      keep(apiCalls, { id: calls, ...call }, 'api');
      announce(workspace, 'apiCalls');
    },
    violation: (violation) => {
      keep(violations, { at: new Date().toISOString(), ...violation }, 'violation');
      announce(workspace, 'violations');
    },
    deliveries: () => [...deliveries],
    apiCalls: () => [...apiCalls],
    violations: () => [...violations],
    close: () => endOf(file),
  };
}

function endOf(file: WriteStream | undefined): Promise<void> {
  if (file === undefined || file.destroyed) return Promise.resolve();
  return new Promise((resolve) => file.end(() => resolve()));
}
