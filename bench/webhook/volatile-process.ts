// The same server whose inbox is a list in memory: what durability costs is the difference. No option of the product.

import { createLog, loadSettings, openEngine } from '@bg/engine';
import { readOptions } from '../../apps/webhook/src/options.ts';
import { startReceiver } from '../../apps/webhook/src/receiver.ts';
import { memoryInbox } from './memory-inbox.ts';

const options = readOptions(process.env);
if ('problems' in options) throw new Error(options.problems.join('; '));
const log = createLog({ name: 'webhook', level: options.logLevel, terminal: false });
const stop = new AbortController();
process.once('SIGTERM', () => stop.abort());
const settings = loadSettings({ file: options.config, environment: process.env });
const engine = openEngine({ settings, log, processName: `webhook ${process.pid}` });
const volatile = { ...engine, inbox: memoryInbox() };
const { ended } = await startReceiver({ engine: volatile, log, options, stop: stop.signal });
await ended;
engine.close();
