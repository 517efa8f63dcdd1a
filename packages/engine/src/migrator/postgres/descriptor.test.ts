// The keys of the configuration that only PostgreSQL has.

import { expect, it } from 'vitest';
import { edited } from '../../config/test-config.ts';
import { checkConfig, smallDrivers } from '../../testing/small-drivers.ts';
import { postgres } from './descriptor.ts';

const check = (database: string) =>
  checkConfig({
    file: '/srv/bluegreen.yaml',
    text: edited(['    channel: "#deploys"\n', `    channel: "#deploys"\n    database: ${database}\n`]),
    environment: {},
    drivers: { ...smallDrivers, databases: [postgres] },
  });

it('the role of the service is named where it has a separate one, and its name has no quotes', () => {
  expect(check('{ driver: postgres, applicationRole: shop_app }').settings?.targets[0]?.database).toMatchObject({
    applicationRole: 'shop_app',
  });
  expect(check(`{ driver: postgres, applicationRole: "a'b" }`).problems.map(({ path }) => path)).toContain(
    'services.shop.database.applicationRole',
  );
});
