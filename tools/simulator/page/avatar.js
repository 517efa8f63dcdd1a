import { h } from './dom.js';
import { state, userOf } from './state.js';

/** A coloured square with a letter; the app has a sign of its own. */
export function avatar(userId, size = '') {
  const user = userOf(userId);
  const isApp = userId === state.workspace.app.botUserId;
  const letter = isApp ? '⇄' : userId === 'USLACKBOT' ? '#' : user.name.slice(0, 1).toUpperCase();
  return h('span', { class: `avatar ${size} tint-${isApp ? 'app' : tint(userId)}`, 'aria-hidden': 'true' }, letter);
}

function tint(userId) {
  return [...userId].reduce((sum, letter) => (sum * 31 + letter.codePointAt(0)) % 6, 7);
}
