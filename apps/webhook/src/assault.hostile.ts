// A hundred thousand hostile requests, where `npm test` sends ten thousand.

import './hostile.test.ts';
