// Every step there is. A new one is its file, a line here, and its place in the plan.

import { awaitApproval } from './await-approval.ts';
import { bake } from './bake.ts';
import { checkHealth } from './check-health.ts';
import { expandSchema } from './expand-schema.ts';
import { handOverRoles } from './hand-over-roles.ts';
import { hold } from './hold.ts';
import { promote } from './promote.ts';
import { provePreview } from './prove-preview.ts';
import { readyStandby } from './ready-standby.ts';
import { shiftTraffic } from './shift-traffic.ts';
import { smokeTest } from './smoke-test.ts';
import { startPreview } from './start-preview.ts';
import { verifyLive } from './verify-live.ts';
import { watch } from './watch.ts';

export const steps = [
  expandSchema,
  startPreview,
  checkHealth,
  smokeTest,
  provePreview,
  readyStandby,
  hold,
  shiftTraffic,
  watch,
  awaitApproval,
  handOverRoles,
  promote,
  verifyLive,
  bake,
] as const;

/** A step as the plan lists it: one of these names, with what that step needs to know. */
export type RegisteredStep = Parameters<(typeof steps)[number]['title']>[0];
