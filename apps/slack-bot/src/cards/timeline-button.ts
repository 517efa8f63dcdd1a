// The button that opens the timeline of a deployment. Everybody who sees the card may look.

import { type Button, button } from './blocks.ts';

const prefix = 'timeline:';

/** The id is in the name too: a list of deployments has one button for each. */
export const timelineButton = (id: string): Button =>
  button({ actionId: `deploy.${prefix}${id}`, label: 'Timeline', value: id });

export const isTimelineAction = (name: string): boolean => name.startsWith(prefix);
