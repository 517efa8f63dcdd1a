// A flow whose target has one freeze: at noon of a day in December, v1 is live, and no deployment runs.

import { type Flow, startFlow } from './flow.ts';

const minuteMs = 60_000;
const noon = Date.UTC(2026, 11, 1, 12);
/** `2026-12-18 18:00` */
const wall = (at: number): string => new Date(at).toISOString().slice(0, 16).replace('T', ' ');

/** @param from in minutes from noon, as `to`; `more` is the rest of the freeze's lines */
export async function startFreezeFlow(from: number, to: number, more = ''): Promise<Flow> {
  const flow = await startFlow({
    options: `
    canary: [{ percent: 10, watch: 60s }, { percent: 50, watch: 60s }]
    bake: 60s
    approval: { approvers: [alice, bob] }
    freezes:
      - { name: sale, zone: UTC, from: "${wall(noon + from * minuteMs)}", to: "${wall(noon + to * minuteMs)}"${more} }`,
  });
  flow.clock.jump(noon - flow.clock.now() - 30 * 24 * 60 * minuteMs);
  await flow.live('v1');
  for (const side of ['blue', 'green'] as const) flow.balancers.busy(side, { requests: 1_000 });
  flow.clock.jump(noon - flow.clock.now());
  return flow;
}
