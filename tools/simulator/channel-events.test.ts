// Slack's events about a channel, as an app gets them.

import { expect, test } from 'vitest';
import { MANIFEST, startTinyApp, startWorkspace, until } from './testing/workspace.ts';

test('what becomes of a channel is the act of a person: an app ignores what its own user does', async () => {
  const app = await startTinyApp();
  const simulator = await startWorkspace({
    appUrl: app.url,
    manifest: {
      ...MANIFEST,
      settings: {
        ...MANIFEST.settings,
        event_subscriptions: {
          bot_events: ['channel_archive', 'channel_unarchive', 'channel_left', 'member_joined_channel'],
        },
      },
    },
  });
  const channel = 'C0DEPLOYS';
  for (const change of [{ isArchived: true }, { isArchived: false }, { hasBot: false }, { hasBot: true }])
    simulator.changeChannel({ channel, ...change });
  await until(() => app.received.length === 4);
  const events = app.received.map(({ body }) => JSON.parse(body).event);
  expect(events).toEqual(
    expect.arrayContaining([
      expect.objectContaining({ type: 'channel_archive', user: 'U0ALICE' }),
      expect.objectContaining({ type: 'channel_unarchive', user: 'U0ALICE' }),
      expect.objectContaining({ type: 'channel_left', actor_id: 'U0ALICE' }),
      expect.objectContaining({ type: 'member_joined_channel', user: 'U0BOT', inviter: 'U0ALICE' }),
    ]),
  );
  await simulator.close();
  await app.close();
});
