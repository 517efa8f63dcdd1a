import { instancesStory } from '../contract/instances-story.ts';
import { embedded } from './descriptor.ts';
import { embeddedFixture } from './testing-fixture.ts';

instancesStory({ name: 'embedded', driver: embedded }, embeddedFixture);
