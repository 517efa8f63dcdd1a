// The page's way to the simulator: the control API. The header tells it apart from what a foreign page could send.

const HEADERS = { 'x-simulator-control': '1' };

export async function look(path, query = {}) {
  const response = await fetch(`/control/${path}?${new URLSearchParams(query)}`, { headers: HEADERS });
  return read(response);
}

export async function act(verb, input = {}) {
  const response = await fetch(`/control/${verb}`, {
    method: 'POST',
    headers: { ...HEADERS, 'content-type': 'application/json' },
    body: JSON.stringify(input),
  });
  return read(response);
}

async function read(response) {
  const body = await response.json();
  if (!response.ok) throw new Error(body.message ?? `the simulator answered ${response.status}`);
  return body;
}

/** Calls back with the topics that changed, gathered for a moment; and with everything after a reconnect. */
export function listen(onTopics) {
  const source = new EventSource('/control/stream');
  let topics = new Set();
  let _timer;
  const flush = () => {
    _timer = undefined;
    const gathered = topics;
    topics = new Set();
    onTopics(gathered);
  };
  source.onmessage = (event) => {
    topics.add(event.data);
    _timer ??= setTimeout(flush, 30);
  };
  source.onopen = () => onTopics(new Set(['messages', 'modals', 'home', 'deliveries', 'apiCalls']));
}
