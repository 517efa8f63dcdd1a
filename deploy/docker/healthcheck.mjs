// The HEALTHCHECK of the image: ends with 0 when the program of this container answers. In Socket Mode the bot listens
// for nobody but the monitoring system.

const { PORT = '3000', METRICS_PORT, SLACK_APP_TOKEN, SLACK_APP_TOKEN_FILE } = process.env;
const inSocketMode = Boolean(SLACK_APP_TOKEN || SLACK_APP_TOKEN_FILE);
const address = inSocketMode ? `http://127.0.0.1:${METRICS_PORT}/metrics` : `http://127.0.0.1:${PORT}/healthz`;
const limitMs = 4_000;

try {
  const answer = await fetch(address, { signal: AbortSignal.timeout(limitMs) });
  console.log(`${address} answers ${answer.status}`);
  process.exitCode = answer.ok ? 0 : 1;
} catch (thrown) {
  console.error(`${address} does not answer: ${thrown.cause?.message ?? thrown.message}`);
  process.exitCode = 1;
}
