// Ports that people know, and others where another program has taken them.

import { claimFreePorts, claimPort } from '@bg/engine/ports';

export interface Ports {
  /** The page of the Slack simulator. */
  readonly page: number;
  readonly bot: number;
  /** The web page, which the bot serves. */
  readonly web: number;
  /** Where CI announces builds. */
  readonly hooks: number;
  /** Where the simulated CI stores what it built. */
  readonly ci: number;
  /** Where the shop's users connect. */
  readonly shop: number;
  readonly blue: number;
  readonly green: number;
}

export const usualPorts: Ports = {
  page: 4242,
  bot: 4243,
  hooks: 4244,
  ci: 4245,
  web: 4246,
  shop: 8080,
  blue: 8001,
  green: 8002,
};
export const anyPorts: Ports = { page: 0, bot: 0, hooks: 0, ci: 0, web: 0, shop: 0, blue: 0, green: 0 };

/** The usual ports where they are free; held until this process ends, though what listens on them starts later. */
export async function choosePorts(requested: Ports): Promise<Ports> {
  const hold = async (port: number): Promise<number> => {
    if (port !== 0 && (await claimPort(port))) return port;
    const [other = 0] = await claimFreePorts(1);
    return other;
  };
  return {
    page: await hold(requested.page),
    bot: await hold(requested.bot),
    hooks: await hold(requested.hooks),
    ci: await hold(requested.ci),
    web: await hold(requested.web),
    shop: await hold(requested.shop),
    blue: await hold(requested.blue),
    green: await hold(requested.green),
  };
}

/** `port 8080 is taken, so the shop is on 40123`, for each that had to give way. */
export function portsThatGaveWay(requested: Ports, given: Ports): readonly string[] {
  const names = Object.keys(requested) as (keyof Ports)[];
  return names
    .filter((name) => requested[name] !== 0 && requested[name] !== given[name])
    .map((name) => `Port ${requested[name]} is taken, so ${name} is on ${given[name]}.`);
}
