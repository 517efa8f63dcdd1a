import { instancesStory } from '../contract/instances-story.ts';
import { nginx } from './descriptor.ts';
import { nginxFixture } from './testing-fixture.ts';

instancesStory({ name: 'nginx', driver: nginx }, nginxFixture);
