// Good in every test, bad with real users: one request of five fails, once there are a few users.

import { cheaper } from '../products.mjs';

const firstUsers = 10;

export const release = {
  version: 'v2.4-errors',
  greeting: 'Now with a faster till.',
  products: cheaper,
  beforeAnswer: ({ byUser, userRequests }) =>
    byUser && userRequests > firstUsers && userRequests % 5 === 0 ? { status: 500 } : {},
};
