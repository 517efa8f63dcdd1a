// Ports that people know, and others when somebody has taken them.

import { createServer, type Server } from 'node:net';

export interface Ports {
  /** The page of the Slack stand-in. */
  readonly page: number;
  readonly bot: number;
  /** Where CI announces builds. */
  readonly hooks: number;
  /** Where the stand-in for CI keeps what it built. */
  readonly ci: number;
  /** Where the shop's users connect. */
  readonly shop: number;
  readonly blue: number;
  readonly green: number;
}

export const usualPorts: Ports = { page: 4242, bot: 4243, hooks: 4244, ci: 4245, shop: 8080, blue: 8001, green: 8002 };
export const anyPorts: Ports = { page: 0, bot: 0, hooks: 0, ci: 0, shop: 0, blue: 0, green: 0 };

/** The wished ports where they are free; held all at once while choosing, so that no two are the same. */
export async function choosePorts(wished: Ports): Promise<Ports> {
  const held: Server[] = [];
  const hold = async (port: number): Promise<number> => {
    const server = (await tryListen(port)) ?? (await tryListen(0));
    if (server === undefined) throw new Error('there is no free port on 127.0.0.1');
    held.push(server);
    const address = server.address();
    return typeof address === 'object' && address ? address.port : 0;
  };
  try {
    return {
      page: await hold(wished.page),
      bot: await hold(wished.bot),
      hooks: await hold(wished.hooks),
      ci: await hold(wished.ci),
      shop: await hold(wished.shop),
      blue: await hold(wished.blue),
      green: await hold(wished.green),
    };
  } finally {
    await Promise.all(held.map((server) => new Promise((resolve) => server.close(resolve))));
  }
}

/** `port 8080 is taken, so the shop is on 40123`, for each that had to give way. */
export function portsThatGaveWay(wished: Ports, given: Ports): readonly string[] {
  const names = Object.keys(wished) as (keyof Ports)[];
  return names
    .filter((name) => wished[name] !== 0 && wished[name] !== given[name])
    .map((name) => `Port ${wished[name]} is taken, so ${name} is on ${given[name]}.`);
}

function tryListen(port: number): Promise<Server | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(undefined));
    server.listen(port, '127.0.0.1', () => resolve(server));
  });
}
