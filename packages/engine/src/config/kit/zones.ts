// The name of a time zone, as a value of the file.

import { matching } from './values.ts';

/** An offset such as +01:00 is refused: it knows no clock changes. */
export function zone() {
  const expected = 'an IANA time zone, such as Europe/Berlin, America/New_York or UTC';
  return matching(/^[A-Za-z][A-Za-z0-9_+\-/]{1,63}$/, expected).refine(isZone, { error: expected });
}

function isZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}
