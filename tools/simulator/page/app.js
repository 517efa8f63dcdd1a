// The page's main line: load, draw, listen for changes, draw again.
import { listen } from './api.js';
import { createComposer, threadComposer } from './composer.js';
import { byId, toast } from './dom.js';
import { drawInspector, toggleInspector } from './inspector.js';
import { channelTitle, drawMessages, drawThread } from './messages.js';
import { drawAccounts, drawHead, drawSidebar } from './sidebar.js';
import { attempt, loadMessages, loadWorkspace, state } from './state.js';
import { drawHome, drawModals } from './views.js';

const composer = createComposer(byId('composer'));
let refreshing;
let again = false;

readAddress();
await refresh();
await scrollToLinked();
listen((topics) => {
  if (topics.has('deliveries') || topics.has('apiCalls')) void drawInspector();
  if (['messages', 'modals', 'home', 'groups', 'sockets'].some((topic) => topics.has(topic))) void refresh();
});
byId('inspect').addEventListener('click', () => toggleInspector(byId('inspector').hidden));
byId('menu').addEventListener('click', () => showSidebar(!document.body.classList.contains('with-sidebar')));
window.addEventListener('hashchange', () => {
  readAddress();
  refresh();
});

/** One refresh at a time, and one more when something changed meanwhile. */
function refresh() {
  again = refreshing !== undefined;
  refreshing ??= load().finally(() => {
    refreshing = undefined;
    if (again) refresh();
  });
  return refreshing;
}

async function load() {
  try {
    await loadWorkspace();
    await loadMessages();
    draw();
  } catch (error) {
    toast(`The simulator does not answer: ${error.message}`);
  }
}

function draw() {
  drawAccounts(switchAccount);
  drawHead(openTab);
  drawHome();
  drawMessages(openThread);
  drawThread(closeThread, threadComposer);
  drawSidebar(openChannel);
  drawModals();
  composer.refresh();
  document.title = `${channelTitle()} · ${state.workspace.team.name}`;
}

function switchAccount(user) {
  state.user = user;
  const isTalk = state.workspace.channels.find((channel) => channel.id === state.channel)?.kind === 'im';
  if (isTalk) state.channel = user.replace(/^[UW]/, 'D');
  go();
  if (isTalk && state.tab === 'home') void attempt('open-home', {});
}

function openChannel(channel) {
  const isTalk = state.workspace.channels.find((each) => each.id === channel)?.kind === 'im';
  state.channel = channel;
  state.thread = undefined;
  state.tab = 'messages';
  showSidebar(false);
  go();
  if (isTalk && state.workspace.app.home.home_tab_enabled && state.workspace.home !== null) openTab('home');
}

function openTab(name) {
  state.tab = name;
  state.thread = undefined;
  go();
  if (name === 'home') void attempt('open-home', {});
}

function openThread(ts) {
  state.thread = ts;
  go();
}

function closeThread() {
  state.thread = undefined;
  go();
}

function showSidebar(isOpen) {
  document.body.classList.toggle('with-sidebar', isOpen);
  byId('menu').setAttribute('aria-expanded', String(isOpen));
}

/** The address carries whose screen this is, so that a reload or a second window keeps it. */
function go() {
  const words = new URLSearchParams({
    user: state.user,
    channel: state.channel,
    ...(state.tab === 'home' && { tab: 'home' }),
  });
  const path = location.pathname.startsWith('/archives/') ? '/' : location.pathname;
  history.replaceState(null, '', `${path}#${words}`);
  refresh();
}

function readAddress() {
  const words = new URLSearchParams(location.hash.slice(1));
  const linked = /^\/archives\/(\w+)\//.exec(location.pathname)?.[1];
  state.user = words.get('user') ?? state.user;
  state.channel = words.get('channel') ?? linked ?? state.channel;
  state.tab = words.get('tab') === 'home' ? 'home' : 'messages';
}

async function scrollToLinked() {
  const linked = /^\/archives\/\w+\/p(\d+)(\d{6})$/.exec(location.pathname);
  if (linked === null) return;
  const parent = new URLSearchParams(location.search).get('thread_ts');
  if (parent !== null) {
    state.thread = parent;
    await refresh();
  }
  const message = document.querySelector(`[data-ts="${linked[1]}.${linked[2]}"]`);
  message?.scrollIntoView({ block: 'center' });
  message?.classList.add('linked');
}
