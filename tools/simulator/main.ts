// The simulator as a separate process:
// `node tools/simulator/main.ts <manifest.json> [--port 4242] [--app-url http://127.0.0.1:3000/slack/events]`
import { readFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { type AppManifest, type Simulator, SimulatorError, type SimulatorOptions, startSimulator } from './index.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { port: { type: 'string', default: '4242' }, 'app-url': { type: 'string' }, journal: { type: 'string' } },
});
const [manifestPath] = positionals;
if (manifestPath === undefined) {
  console.error('usage: node tools/simulator/main.ts <manifest.json> [--port 4242] [--app-url URL] [--journal FILE]');
  process.exit(2);
}

const signingSecret = process.env.SLACK_SIGNING_SECRET ?? 'simulator-signing-secret';
const botToken = process.env.SLACK_BOT_TOKEN ?? 'xoxb-simulator-1';
const appToken = process.env.SLACK_APP_TOKEN ?? 'xapp-simulator-1';
const simulator = await startOrExplain({
  port: Number(values.port),
  signingSecret,
  botToken,
  appToken,
  manifest: JSON.parse(await readFile(manifestPath, 'utf8')) as AppManifest,
  env: process.env,
  ...(values['app-url'] !== undefined && { appUrl: values['app-url'] }),
  ...(values.journal !== undefined && { journal: values.journal }),
});
console.log(`The simulated Slack workspace is at ${simulator.url} (SLACK_API_URL=${simulator.apiUrl})`);
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void simulator.close());

async function startOrExplain(options: SimulatorOptions): Promise<Simulator> {
  try {
    return await startSimulator(options);
  } catch (error) {
    if (!(error instanceof SimulatorError)) throw error;
    console.error(error.message);
    process.exit(2);
  }
}
