// The connection is lost at every single call; `npm test` takes every third.

import './cut-off.test.ts';
