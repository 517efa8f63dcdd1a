// What `npm test` proves on the newest PostgreSQL, proved on Debian's.

import './alone.test.ts';
import './faults.test.ts';
import './rules/on-a-server.test.ts';
