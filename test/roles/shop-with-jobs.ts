// A stage whose shop has two workers and a scheduler, and the table of their jobs.

import { type Stage, setStage } from '../support/stage.ts';
import { type JobTable, layJobs } from './job-table.ts';

export interface Given {
  /** `worker:v2.0`: that role of that version cannot start. */
  readonly broken?: string;
  /** YAML of further roles, indented by six blanks. */
  readonly more?: string;
}

export interface ShopWithJobs {
  readonly stage: Stage;
  readonly settings: Stage['settings'];
  readonly jobs: JobTable;
  strike(): Promise<void>;
}

export const roleText = (broken = ''): string =>
  `command: [${process.execPath}, jobs.mjs], settle: 200ms, env: { JOBS: JOBS-FILE, BROKEN: "${broken}" }`;

export async function setShopWithJobs({ broken = '', more = '' }: Given = {}): Promise<ShopWithJobs> {
  const role = roleText(broken);
  const stage = await setStage({
    service: `    processRoles:
      worker: { ${role}, instances: 2, stop: { grace: 20s } }
      scheduler: { ${role} }
${more}`,
    target: `
        canary: [{ percent: 10, watch: 1s }]
        judge: { minRequests: 3, maxErrorRate: 50% }
        bake: 1s
        health: { interval: 1s, timeout: 10s, startup: 60s }
        crash: { firstRestart: 200ms, maxRestart: 1s }
`,
  });
  const jobs = layJobs(stage.folder);
  const settings = await stage.edit((text) => text.replaceAll('JOBS-FILE', jobs.file));
  const strike = async (): Promise<void> => {
    await stage.strike();
    jobs.close();
  };
  return { stage, settings, jobs, strike };
}
