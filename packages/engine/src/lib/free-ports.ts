// Ports for what is started later. This process holds the name of each until it ends, so that two that choose at the same
// moment never get the same one. They are below those that the system itself gives to any connection.

import { createServer, type ListenOptions, type Server } from 'node:net';

const [lowest, highest] = [11_000, 32_000] as const;
const mostTries = 1_000;

/** Free on 127.0.0.1 now, and no other's among those that choose here. */
export async function claimFreePorts(count: number): Promise<readonly number[]> {
  const ports: number[] = [];
  for (let tries = 0; ports.length < count; tries += 1) {
    if (tries > mostTries) throw new Error(`there are no ${count} free ports between ${lowest} and ${highest}`);
    const port = lowest + Math.floor(Math.random() * (highest - lowest));
    if (await claimPort(port)) ports.push(port);
  }
  return ports;
}

/** Whether it is ours until this process ends. */
export async function claimPort(port: number): Promise<boolean> {
  const name = await holdName(port);
  if (name === 'taken') return false;
  const listening = await listen({ port, host: '127.0.0.1' });
  if (listening instanceof Error) {
    name?.close();
    return false;
  }
  await new Promise((resolve) => listening.close(resolve));
  return true;
}

/** An abstract socket, which ends with its process and leaves no file. Undefined where the system knows none. */
async function holdName(port: number): Promise<Server | 'taken' | undefined> {
  if (process.platform !== 'linux') return undefined;
  const server = await listen({ path: `\0bluegreen-port-${port}` });
  if (server instanceof Error) return 'taken';
  return server.unref();
}

function listen(place: ListenOptions): Promise<Server | Error> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', resolve);
    server.listen(place, () => resolve(server));
  });
}
