// The connection is lost at every single call, where `npm test` takes every third.

import './cut-off.test.ts';
