// When the way back is proved without moving users.

import { z } from 'zod';
import { parseWeekTime, weekTime } from '../freezes/freezes.ts';
import type { WeekTime } from '../freezes/settings.ts';
import { zone } from '../kit/zones.ts';

export const drill = z
  .strictObject({
    weekly: weekTime().describe('Day and time of each week.'),
    zone: zone().describe('IANA zone of the time.'),
  })
  .describe(
    'Proves each week that a rollback would work: the standby is probed, tested and reached through the preview route of the load balancer. No user is moved. Default: only when a person asks (bg drill).',
  );

export interface DrillSettings {
  readonly weekly: WeekTime;
  readonly zone: string;
}

export function resolveDrill(options: z.infer<typeof drill> | undefined): DrillSettings | undefined {
  return options && { weekly: parseWeekTime(options.weekly), zone: options.zone };
}
