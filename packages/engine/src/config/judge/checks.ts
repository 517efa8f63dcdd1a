// A check in the file: folded over the sources of evidence that there are.

import { z } from 'zod';
import { type Drivers, namesOf, summariesOf } from '../drivers.ts';
import { choice, duration, matching, name, percentage, whole, yesNo } from '../kit/values.ts';

const inARow = (what: string, standard: number) =>
  whole({ min: 0, max: 1_000, expected: 'a number from 0 to 1000' })
    .describe(`More ${what} answers than this in a row count. Default: ${standard}.`)
    .optional();

const number = () => z.number({ error: 'a number' }).refine(Number.isFinite, { error: 'a number' });

const commonKeys = {
  name: name().describe('Short name, shown with its answers; unique.'),
  effect: choice(['guardrail', 'signal'])
    .describe('guardrail: takes the release back. signal: pauses the deployment. Default: signal.')
    .optional(),
  dryRun: yesNo().describe('It is asked and shown, and decides nothing. Default: false.').optional(),
  interval: duration().describe('From one question to the next. Default: 15s.').optional(),
  timeout: duration().describe('How long one answer may take; at most 60s. Default: 5s.').optional(),
  failures: inARow('bad', 0),
  errors: inARow('unreadable', 3),
  inconclusive: inARow('undecided', 3),
  max: number()
    .describe('Most that may fail of a pair of counters, as a share such as 0.05; or the largest number.')
    .optional(),
  min: number().describe('The smallest number that is good.').optional(),
  agree: percentage()
    .describe('How far the count of requests of a pair may be from that of the load balancer. Default: 20%.')
    .optional(),
  authorization: matching(
    /^[^\p{Cc}]{1,4096}$/u,
    'the value of a header, such as a token with the word Bearer in front',
  )
    .describe(
      `Sent as the Authorization header; better from the environment: "Bearer \${METRICS_TOKEN}". Default: none.`,
    )
    .optional(),
};

export function checkSchema(drivers: Drivers['evidence']) {
  const own = drivers.map((driver) => [driver.name, driver.keys.optional()] as const);
  // Only the driver knows the type of what is under its name.
  const unknownHere: Record<never, never> = Object.fromEntries(own);
  return z
    .strictObject({
      ...commonKeys,
      source: choice(namesOf(drivers)).describe(`What is asked. ${summariesOf(drivers)}.`),
      ...unknownHere,
    })
    .describe('One question about the new side, asked again and again while users are on it.');
}

export type CheckFile = z.infer<ReturnType<typeof checkSchema>>;
