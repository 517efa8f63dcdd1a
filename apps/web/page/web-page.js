// What the pages do beyond HTML: live updates, curves, times in the reader's zone. Without it they can be read as they are.

const clock = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit', second: '2-digit' });
const short = new Intl.DateTimeFormat(undefined, {
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  hourCycle: 'h23',
});
const day = new Intl.DateTimeFormat(undefined, { year: 'numeric', month: 'short', day: 'numeric' });

/** `420 ms`, `12 s`, `3 min`, `2 h 5 min`, `4 days`. */
function lasting(ms) {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return minutes < 10 && seconds % 60 > 0 ? `${minutes} min ${seconds % 60} s` : `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? `${hours} h ${minutes % 60} min` : `${Math.round(hours / 24)} days`;
}

function showTimes(root) {
  const today = day.format(Date.now());
  for (const time of root.querySelectorAll('time[datetime]')) {
    const at = new Date(time.dateTime);
    const date = day.format(at);
    const text = `${date === today ? '' : `${date}, `}${clock.format(at)}`;
    const shown = 'since' in time.dataset ? `for ${lasting(Date.now() - at)}` : text;
    if (time.textContent !== shown) time.textContent = shown;
    time.title = 'since' in time.dataset ? `since ${text}` : at.toISOString();
  }
}

// Curves.

const charts = new Map();
const percent = (value) => `${Number(value.toFixed(2))} %`;
const formats = {
  rate: (value) => `${Number(value.toFixed(1))}/s`,
  errors: percent,
  p99: (value) => (value < 10_000 ? `${Math.round(value)} ms` : `${(value / 1000).toFixed(1)} s`),
};

/** As the canvas takes them: the style sheet has one for light and one for dark. */
function colors() {
  const probe = document.body.appendChild(document.createElement('i'));
  const of = (name) => {
    probe.style.color = `var(${name})`;
    return getComputedStyle(probe).color;
  };
  const found = { blue: of('--blue'), green: of('--green'), text: of('--quiet'), grid: of('--line') };
  probe.remove();
  return found;
}

function drawCharts(root) {
  if (!('uPlot' in globalThis)) return;
  for (const holder of root.querySelectorAll('[data-trend]')) {
    if (holder.drawn === holder.dataset.trend) continue;
    holder.drawn = holder.dataset.trend;
    const trend = JSON.parse(holder.dataset.trend);
    for (const plot of holder.querySelectorAll('[data-metric]')) drawChart(plot, holder, trend);
  }
}

function drawChart(plot, holder, trend) {
  const { metric } = plot.dataset;
  const { stable, new: canary } = holder.dataset;
  const data = [trend.at, trend.stable[metric], trend.canary[metric]];
  const known = charts.get(plot);
  if (known) return known.setData(data);
  const color = colors();
  const format = formats[metric];
  const axis = {
    stroke: color.text,
    font: '12px system-ui',
    grid: { stroke: color.grid, width: 1 },
    ticks: { show: false },
  };
  const series = (side, name, dash) => ({
    label: name,
    stroke: color[side],
    width: 2,
    dash,
    points: { show: data[0].length < 3, size: 5 },
    value: (_, value) => (value === null ? '–' : format(value)),
  });
  const options = {
    width: Math.max(120, plot.clientWidth),
    height: 150,
    legend: { live: true },
    cursor: { y: false },
    scales: { y: { range: (_, _low, high) => [0, Math.max(high ?? 0, 1) * 1.1] } },
    axes: [
      { ...axis, space: 70, size: 30, values: (_, ticks) => ticks.map((at) => short.format(at * 1000)) },
      { ...axis, size: 56, values: (_, ticks) => ticks.map(format) },
    ],
    series: [
      { value: (_, at) => (at === null ? '–' : clock.format(at * 1000)) },
      series(stable, trend.stable.name),
      series(canary, trend.canary.name, [6, 3]),
    ],
  };
  charts.set(plot, new uPlot(options, data, plot));
}

/** Of another width, or of another colour scheme. */
function redrawAll() {
  for (const [plot, chart] of charts) {
    chart.destroy();
    charts.delete(plot);
    const holder = plot.closest('[data-trend]');
    if (plot.isConnected && holder) holder.drawn = undefined;
  }
  drawCharts(document);
}

function resize() {
  for (const [plot, chart] of charts)
    if (!plot.isConnected) {
      chart.destroy();
      charts.delete(plot);
    } else if (Math.abs(chart.width - plot.clientWidth) > 1)
      chart.setSize({ width: Math.max(120, plot.clientWidth), height: 150 });
}

// Live updates.

const { events: address } = document.body.dataset;
const connection = document.querySelector('[data-connection]');
let source;
let retry;

function say(text, isLive) {
  if (!connection || connection.dataset.said === text) return;
  connection.dataset.said = text;
  connection.dataset.state = isLive ? 'live' : 'waiting';
  connection.textContent = text;
}

function connect() {
  clearTimeout(retry);
  if (!address || source || document.hidden) return;
  source = new EventSource(address);
  source.addEventListener('open', () => say('Live', true));
  source.addEventListener('part', ({ data }) => put(JSON.parse(data)));
  source.addEventListener('full', () => later('Too many readers: not live', 30_000));
  source.addEventListener('error', () => {
    if (source?.readyState === EventSource.CLOSED) later('Not connected', 5_000);
    else say('Connecting …', false);
  });
}

function disconnect() {
  source?.close();
  source = undefined;
}

function later(text, ms) {
  disconnect();
  say(text, false);
  retry = setTimeout(connect, ms);
}

/** Changes only what differs: focus, open details and drawn curves stay. */
function put({ key, html }) {
  const shown = document.querySelector(`[data-live="${CSS.escape(key)}"]`);
  if (!shown) return;
  Idiomorph.morph(shown, html, {
    morphStyle: 'outerHTML',
    ignoreActiveValue: true,
    callbacks: {
      beforeAttributeUpdated: (name, node) =>
        !(name === 'open' && node.tagName === 'DETAILS') && !(name === 'title' && node.tagName === 'TIME'),
      // The chart library has put its own elements there.
      beforeNodeMorphed: (before) => !(before.nodeType === 1 && before.classList.contains('plot')),
    },
  });
  showTimes(document);
  drawCharts(document);
  resize();
}

// A tab that is not seen needs no connection, of which a browser gives few.
document.addEventListener('visibilitychange', () => (document.hidden ? disconnect() : connect()));
addEventListener('pagehide', disconnect);
addEventListener('pageshow', connect);
addEventListener('resize', resize);
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', redrawAll);
for (const select of document.querySelectorAll('.filters select'))
  select.addEventListener('change', () => select.form.requestSubmit());
setInterval(() => showTimes(document), 1000);
showTimes(document);
drawCharts(document);
connect();
