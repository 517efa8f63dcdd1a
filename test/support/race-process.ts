// A separate process that asks for one thing at a given moment and prints the answer.

import { loadSettings, openEngine, silentLog } from '@bg/engine';

const [file = '', person = 'alice', version = '', at = '0'] = process.argv.slice(2);
const engine = openEngine({ settings: loadSettings({ file, environment: {} }), log: silentLog, processName: 'racer' });
const actor = { kind: 'person', id: person, door: 'cli' } as const;
const left = Number(at) - Date.now();
if (left > 0) await new Promise((wake) => setTimeout(wake, left));
const answer = engine.deploy({ version, actor });
process.stdout.write(answer.ok ? 'ok' : answer.refusal.code);
engine.close();
