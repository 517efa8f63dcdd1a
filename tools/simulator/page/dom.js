// The smallest hand for building elements. Text is always text: nothing here reads HTML.

/** h('button', { class: 'x', onclick }, 'Label', otherElement); false and null children are left out. */
export function h(tag, props = {}, ...children) {
  const element = document.createElement(tag);
  for (const [key, value] of Object.entries(props)) {
    if (value === undefined || value === null || value === false) continue;
    if (key.startsWith('on')) element.addEventListener(key.slice(2), value);
    else if (key === 'class') element.className = value;
    else if (key === 'value' || key === 'checked' || key === 'selected') element[key] = value;
    else element.setAttribute(key, value === true ? '' : String(value));
  }
  element.append(
    ...children.flat(Infinity).filter((child) => child !== undefined && child !== null && child !== false),
  );
  return element;
}

export function byId(id) {
  const element = document.getElementById(id);
  if (element === null) throw new Error(`the page has no #${id}`);
  return element;
}

/** Replaces the content only when it would differ, so that focus and open menus survive a refresh. */
export function replaceIfChanged(element, key, build) {
  if (element.dataset.drawn === key) return false;
  element.dataset.drawn = key;
  element.replaceChildren(...[build()].flat());
  return true;
}

export function toast(text) {
  const line = h('div', { class: 'toast' }, text);
  byId('toasts').append(line);
  setTimeout(() => line.remove(), 6000);
}

export function clockTime(ts, { seconds = false } = {}) {
  return new Date(Number(ts) * 1000).toLocaleTimeString([], {
    hour: '2-digit',
    minute: '2-digit',
    ...(seconds && { second: '2-digit' }),
  });
}
