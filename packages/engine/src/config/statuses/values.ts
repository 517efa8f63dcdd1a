// Values that the parts of `statuses` share.

import { matching } from '../kit/values.ts';

/** No user and no password in it: an address is written into messages and logs. */
export const address = (expected: string) =>
  matching(/^https?:\/\/(\[[0-9A-Fa-f:]+\]|[A-Za-z0-9.-]+)(:\d{1,5})?(\/[^\s#@\p{Cc}]{0,900})?$/u, expected);

export const secret = () =>
  matching(
    /^(file:[^\p{Cc}]{1,1000}|[\x21-\x7e]{8,1000})$/u,
    'a secret of 8 to 1000 visible characters, or file: and the path of a file that holds it',
  );
