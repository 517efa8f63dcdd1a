// The demonstration's bluegreen.yaml: the sample shop, and the people of the Slack simulator.

import type { Places } from './places.ts';
import type { Ports } from './ports.ts';

/** The steps from few users to all, in the words of the configuration. */
export interface Pace {
  readonly canary: string;
  readonly bake: string;
  readonly minRequests: number;
}

/** A person follows it without waiting long. */
export const unhurried: Pace = {
  canary: '[{ percent: 10, watch: 15s }, { percent: 10, approval: true }, { percent: 50, watch: 15s }]',
  bake: '15s',
  minRequests: 50,
};

/** The same plan, fast enough for a test. */
export const brisk: Pace = {
  canary: '[{ percent: 10, watch: 3s }, { percent: 10, approval: true }, { percent: 50, watch: 3s }]',
  bake: '3s',
  minRequests: 50,
};

export interface DemoConfig {
  readonly places: Places;
  readonly ports: Ports;
  readonly pace: Pace;
  /** Default embedded. The other two are programs of the system. */
  readonly loadBalancer?: LoadBalancerName;
  /** For so long a release may be gone back to, and keeps its shape of the schema. Default: the engine's own. */
  readonly rollbackFor?: string;
  /** The shop runs in containers. Default: as processes of this machine. */
  readonly containers?: Containers | undefined;
}

export interface Containers {
  /** Of the Docker daemon: `unix:///var/run/docker.sock`. */
  readonly address: string;
  readonly network: 'bridge' | 'host';
  readonly image: string;
  readonly user: string;
  /** What the shop writes to: absolute paths. */
  readonly folders: readonly string[];
}

/** Only this machine reaches the page, and the demonstration has no secrets. */
export const demoWebToken = 'demonstration-only';

export type LoadBalancerName = 'embedded' | 'haproxy' | 'nginx';

export function demoConfig(config: DemoConfig): string {
  const { places, ports, pace, loadBalancer = 'embedded', rollbackFor, containers } = config;
  return `# Written again at each start of the demonstration: changes are lost. bluegreen.example.yaml explains every key.
state: ${quoted(places.state)}
people:
  - { id: alice, name: Alice Moreau, slack: U0ALICE, email: alice@example.com }
  - { id: bob, name: Bob Lindqvist, slack: U0BOB, email: bob@example.com }
approvers: [bob, "group:S0APPROVERS"]
services:
  shop:
    releases: ${quoted(`${places.releases}/shop`)}
    command: [${quoted(containers ? 'node' : process.execPath)}, server.mjs]
    channel: "#deploys"
    grace: 5s
    env: { ${containers?.network === 'bridge' ? 'HOST: 0.0.0.0, ' : ''}SHOP_LEDGER: ${quoted(places.ledger)}, DATABASE_URL: ${quoted(`sqlite:${places.database}`)} }
    database: { driver: sqlite${rollbackFor === undefined ? '' : `, rollbackFor: ${rollbackFor}`} }
    health: { interval: 1s, startup: 10s }
    smokeTests:
      - { name: front page, path: /, expect: { text: ["<html"] } }
      - { name: product list, path: /api/products, expect: { json: { products.0.id: 1 } } }
      - name: an order is taken
        method: POST
        path: /api/orders
        headers: { x-smoke-test: "yes" }
        body: { id: smoke-1, product: 1, quantity: 1 }
        expect: { json: { id: smoke-1, status: accepted } }
    canary: ${pace.canary}
    bake: ${pace.bake}
    judge: { minRequests: ${pace.minRequests} }
    limits: { disk: 32MB, memory: 32MB, log: 5MB }
    artifacts:
      hosts: [{ name: "127.0.0.1:${ports.ci}", http: true, privateAddresses: true }]
    targets:
      production:
        slots: { blue: { port: ${ports.blue} }, green: { port: ${ports.green} } }
        loadBalancer: { driver: ${loadBalancer}, listen: "127.0.0.1:${ports.shop}" }
${containers ? environmentOf(containers) : ''}web: { listen: "127.0.0.1:${ports.web}", token: "${demoWebToken}" }
`;
}

/** Orders and database are of both sides, as they are of two processes. */
function environmentOf({ address, network, image, user, folders }: Containers): string {
  const volumes = folders.map((each) => `{ source: ${quoted(each)}, path: ${quoted(each)}, shared: true }`);
  return `        environment:
          driver: docker
          docker:
            hosts: [{ name: local, address: ${quoted(address)} }]
            network: ${network}
            image: ${quoted(image)}
            user: ${quoted(user)}
            volumes: [${volumes.join(', ')}]
`;
}

/** JSON's strings are YAML's too; \${ would be taken for a variable. A function, since `$$` in a replacement is one `$`. */
const quoted = (text: string): string => JSON.stringify(text.replaceAll('${', () => '$${'));
