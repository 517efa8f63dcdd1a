// The peer of the Slack bench: a Bolt app that acknowledges and does nothing. `node bench/idle-bolt.ts <port>`, its
// signing secret in SLACK_SIGNING_SECRET.

import { App, HTTPReceiver, LogLevel } from '@slack/bolt';

const receiver = new HTTPReceiver({ signingSecret: process.env.SLACK_SIGNING_SECRET ?? '', logLevel: LogLevel.ERROR });
const app = new App({
  receiver,
  logLevel: LogLevel.ERROR,
  authorize: async () => ({ botToken: 'xoxb-simulator-idle', botId: 'B0IDLE', botUserId: 'U0BOT' }),
});
app.command(/.*/, ({ ack }) => ack());
app.action(/.*/, ({ ack }) => ack());
await app.start({ port: Number(process.argv[2]), host: '127.0.0.1' });
console.log('ready');
