// A canary as its sources of evidence are asked about it.

import type { Question } from '../../domain/evidence.ts';
import type { SlotName } from '../../domain/target.ts';

export function questionAbout(versions: Readonly<Record<'stable' | 'canary', string>>): Question {
  const side = (slot: SlotName, version: string, port: number) => ({
    ...{ slot, version, port, host: '127.0.0.1', digest: `sha256:${version}` },
    instances: [{ host: '127.0.0.1', port }],
  });
  return {
    ...{ service: 'shop', target: 'production', deployment: 'd_1' },
    stable: side('blue', versions.stable, 8001),
    canary: side('green', versions.canary, 8002),
  };
}
