// Keys of sources that are services of others: their address, over which keys are sent, and the keys.

import { matching } from '../config/kit/values.ts';

/** Keys go over TLS, or to this machine. */
export const apiUrl = () =>
  matching(
    /^(https:\/\/[^\s?#@]{1,500}|http:\/\/(127\.0\.0\.1|localhost|\[::1\])(:\d{1,5})?(\/[^\s?#@]{0,200})?)$/,
    'an address with https, or one of this machine',
  );

export const secretKey = () => matching(/^[\x21-\x7e]{1,4096}$/, 'a key, without spaces');
