// A few users at a time, who never stop asking; every answer that is not a good one is lost, and stored as it came.

import { until } from '@bg/engine/test-kit';

export interface Users {
  /** Ends them once they have sent so many: how long that takes depends on the machine. */
  stop(least?: number): Promise<{
    readonly sent: number;
    readonly lost: readonly string[];
    readonly versions: ReadonlyMap<string, number>;
    /** Ids of the orders that were accepted; no two of one stage are the same. */
    readonly orders: readonly string[];
  }>;
}

const most = 20_000;

/** Each asks every `everyMs`; every fifth request is an order. */
export function startUsers(front: string, { count = 3, everyMs = 10 } = {}): Users {
  const lost: string[] = [];
  const versions = new Map<string, number>();
  const orders: string[] = [];
  const first = Date.now().toString(36);
  let sent = 0;
  let over = false;
  const ask = async (): Promise<void> => {
    sent += 1;
    const id = `order-${front.slice(-5)}-${first}-${sent}`;
    const order = {
      method: 'POST',
      body: JSON.stringify({ id, product: 1, quantity: 1 }),
      headers: { 'content-type': 'application/json' },
    };
    const isOrder = sent % 5 === 0;
    const answer = await (isOrder ? fetch(`${front}/api/orders`, order) : fetch(`${front}/api/products`));
    const text = await answer.text();
    if (answer.ok && isOrder) orders.push(id);
    if (!answer.ok) lost.push(`${answer.status} ${text.slice(0, 120)}`);
    const side = answer.headers.get('x-shop')?.split(' ')[1] ?? 'nobody';
    versions.set(side, (versions.get(side) ?? 0) + 1);
  };
  const user = async (): Promise<void> => {
    while (!over && sent < most) {
      await ask().catch((thrown: unknown) => lost.push(String((thrown as Error).cause ?? thrown)));
      await new Promise((wake) => setTimeout(wake, everyMs));
    }
  };
  const users = Array.from({ length: count }, user);
  return {
    stop: async (least = 0) => {
      await until(() => sent >= least);
      over = true;
      await Promise.all(users);
      return { sent, lost, versions, orders };
    },
  };
}
