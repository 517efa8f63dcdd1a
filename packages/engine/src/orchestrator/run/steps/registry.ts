// Every step by name; the plan says which, the runner how.

import type { StepName } from '../../../domain/deployment.ts';
import type { Step } from '../step.ts';
import { awaitApproval } from './await-approval.ts';
import { bake } from './bake.ts';
import { checkHealth } from './check-health.ts';
import { expandSchema } from './expand-schema.ts';
import { hold } from './hold.ts';
import { promote } from './promote.ts';
import { provePreview } from './prove-preview.ts';
import { readyStandby } from './ready-standby.ts';
import { shiftTraffic } from './shift-traffic.ts';
import { smokeTest } from './smoke-test.ts';
import { startPreview } from './start-preview.ts';
import { verifyLive } from './verify-live.ts';
import { watch } from './watch.ts';

const steps: { readonly [Name in StepName]: Step<Name> } = {
  'expand-schema': expandSchema,
  'start-preview': startPreview,
  'check-health': checkHealth,
  'smoke-test': smokeTest,
  'prove-preview': provePreview,
  'ready-standby': readyStandby,
  hold,
  'shift-traffic': shiftTraffic,
  watch,
  'await-approval': awaitApproval,
  promote,
  'verify-live': verifyLive,
  bake,
};

/** The plan's step and the registered one have the same name, which the type of the table guarantees. */
export const stepNamed = (name: StepName): Step => steps[name] as unknown as Step;
