import { instancesStory } from '../contract/instances-story.ts';
import { haproxy } from './descriptor.ts';
import { haproxyFixture } from './testing-fixture.ts';

instancesStory({ name: 'HAProxy', driver: haproxy }, haproxyFixture);
