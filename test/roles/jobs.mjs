// A process role of a release, for tests: a worker that claims jobs of a table, or a scheduler that adds one per tick. It
// writes everything with the clock that all processes of the machine share.

import { randomUUID } from 'node:crypto';
import { DatabaseSync } from 'node:sqlite';

const { JOBS = '', PROCESS_ROLE: role, APP_VERSION: version = '', STOP_MS = '150', BROKEN = '' } = process.env;
if (BROKEN.split(' ').includes(`${role}:${version}`)) {
  console.error(`${role} of ${version} cannot find its queue`);
  process.exit(3);
}
const db = new DatabaseSync(JOBS, { timeout: 30_000 });
const era = randomUUID();
const nowUs = () => Number(process.hrtime.bigint() / 1000n);
const beat = db.prepare('insert into beats (era, role, version, pid, at) values (?, ?, ?, ?, ?)');
const claim = db.prepare(
  'update jobs set claimed = ?, claims = claims + 1 where id = (select id from jobs where claimed is null limit 1) returning id',
);
const done = db.prepare('insert into done (job, era) values (?, ?)');
const add = db.prepare('insert into jobs (id) values (?)');
const acts = {
  worker: () => {
    const job = claim.get(era);
    if (job) done.run(job.id, era);
  },
  scheduler: () => add.run(`${era} ${tick}`),
};
let tick = 0;
let isOver = false;
// It ends late, as one does that has begun something: what overlaps the next one would be seen.
process.on('SIGTERM', () => setTimeout(() => (isOver = true), Number(STOP_MS)));

while (!isOver) {
  tick += 1;
  beat.run(era, role, version, process.pid, nowUs());
  acts[role]();
  await new Promise((wake) => setTimeout(wake, 15));
}
beat.run(era, role, version, process.pid, nowUs());
db.close();
