// Rows of an audit log as the engine writes them, in the order in which a test says what happened.

import type { AuditRow } from '../../domain/audit-events.ts';
import type { Mode } from '../../domain/deployment.ts';
import type { SlotName } from '../../domain/target.ts';

export interface Place {
  readonly service: string;
  readonly target: string;
}

interface Asked extends Place {
  readonly id: string;
  readonly version: string;
  readonly slot: SlotName;
  readonly mode?: Mode;
  readonly from?: string;
  readonly build?: number;
}

export const production: Place = { service: 'shop', target: 'production' };

/** Each call is one row; its time is given first. */
export function createLog() {
  const rows: AuditRow[] = [];
  const write = (at: number, row: Partial<AuditRow> & Pick<AuditRow, 'action'>): void => {
    const nothing = { actor: 'engine', service: null, target: null, deploymentId: null, code: null, sentence: '' };
    rows.push({ ...nothing, detail: {}, ...row, seq: rows.length + 1, at, hash: `h${rows.length + 1}` });
  };
  const of = ({ id, service, target }: Asked) => ({ deploymentId: id, service, target });
  return {
    rows,
    write,
    asked: (at: number, { mode = 'deploy', from, ...asked }: Asked) =>
      write(at, {
        ...of(asked),
        action: 'deployment-requested',
        code: mode,
        detail: { version: asked.version, slot: asked.slot, from: from ?? null, hold: false, build: asked.build },
      }),
    /** Users get `percent` of it, the others stay on the other slot. */
    shared: (at: number, asked: Asked, percent: number) =>
      write(at, {
        ...of(asked),
        action: 'routing-applied',
        detail: {
          routing:
            percent === 100
              ? { generation: rows.length, active: asked.slot }
              : {
                  generation: rows.length,
                  active: otherOf(asked.slot),
                  ...(percent === 0 ? {} : { canary: { slot: asked.slot, percent } }),
                },
        },
      }),
    proved: (at: number, asked: Asked) =>
      write(at, { ...of(asked), action: 'step-done', sentence: `verify-live: 4 probes saw ${asked.version}` }),
    turnedBack: (at: number, asked: Asked, code: string) => write(at, { ...of(asked), action: 'turned-back', code }),
    said: (at: number, asked: Asked, action: string, sentence = '') => write(at, { ...of(asked), action, sentence }),
    finished: (at: number, asked: Asked, outcome: string, code: string) =>
      write(at, {
        ...of(asked),
        action: 'deployment-finished',
        code,
        detail: { outcome, version: asked.version, from: asked.from ?? null },
      }),
    health: (at: number, place: Place, slot: SlotName, health: { readonly is: string; readonly role?: string }) =>
      write(at, {
        service: place.service,
        target: place.target,
        action: 'health-changed',
        code: health.is,
        detail: { slot, role: health.role ?? 'active', version: 'v' },
      }),
    announced: (at: number, build: { id: number; version: string; committedAt?: number; service?: string }) =>
      write(at, {
        service: build.service ?? 'shop',
        action: 'build-announced',
        detail: { build: build.id, version: build.version, committedAt: build.committedAt, authors: [], reactions: [] },
      }),
  };
}

export type Log = ReturnType<typeof createLog>;

const otherOf = (slot: SlotName): SlotName => (slot === 'blue' ? 'green' : 'blue');
