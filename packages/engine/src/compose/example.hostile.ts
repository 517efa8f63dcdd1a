// Each wrong value at each key of the example, where `npm test` tries one value at each key.

import './example.test.ts';
