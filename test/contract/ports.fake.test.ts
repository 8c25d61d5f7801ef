/** The fakes of the scenarios keep the contracts of the real adapters. */
import { createFakeCluster } from "../fakes/cluster.ts";
import { createFakeDns } from "../fakes/dns.ts";
import { createFakeHarvester, createFakeSite } from "../fakes/harvester.ts";
import { createFakeLeaseStore, createFakeStateStore, StoreModel } from "../fakes/stores.ts";
import { createFakeWorld } from "../fakes/world.ts";
import { ZoneModel } from "../sandbox/dns/zone-model.ts";
import { describeCluster, type ClusterBench } from "./cluster.ts";
import { describeDns, type DnsWorld } from "./dns.ts";
import { describeHarvester, type HarvesterWorld } from "./harvester.ts";
import { describeLeaseStore } from "./lease-store.ts";
import { describeStateStore } from "./state-store.ts";

describeStateStore("the fake", async () => {
  const model = new StoreModel();
  return {
    store: createFakeStateStore(model),
    other: createFakeStateStore(model),
    forget: async () => {
      model.state = undefined;
      model.document = undefined;
      model.secondDocument = undefined;
    },
    async plantOld({ run, document }) {
      const version = model.nextVersion();
      model.state = { run: JSON.stringify(run), attachments: new Map(), document, version };
    },
  };
});

describeLeaseStore("the fake", async () => {
  const model = new StoreModel();
  return {
    store: createFakeLeaseStore(model),
    other: createFakeLeaseStore(model),
    forget: async () => void (model.lease = undefined),
    pod: async (name, state) => void model.pods.set(name, state),
  };
});

const openCluster = async (): Promise<ClusterBench> => {
  const fake = createFakeWorld();
  let names = 0;
  return {
    cluster: createFakeCluster(fake.cluster),
    newName: () => `contract-${(names += 1)}`,
    remove: async (name) => fake.cluster.delete(name),
    eventually: async (attempt) => {
      for (let tries = 0; ; tries += 1) {
        try {
          return await attempt();
        } catch (error) {
          if (tries > 20) throw error;
          await fake.clock.sleep(1_000);
        }
      }
    },
  };
};
describeCluster("the fake", openCluster, { hasApi: false });

const openDns = async (): Promise<DnsWorld> => {
  const { clock } = createFakeWorld();
  const zone = () =>
    new ZoneModel({ name: "zone", dnsName: "example.", now: () => clock.now(), pendingMs: 8_000 });
  const [model, denied] = [zone(), zone()];
  denied.denied = "writes";
  return {
    dns: createFakeDns(new Map([["zone", model]])),
    model,
    denied: createFakeDns(new Map([["zone", denied]])),
    zone: "zone",
    dnsName: "example.",
    settle: () => clock.sleep(8_000),
    close: async () => undefined,
  };
};
describeDns("the fake", openDns, { showsFaults: false });

const openHarvester = async (): Promise<HarvesterWorld> => {
  const { clock, cluster } = createFakeWorld();
  const namespace = "prod-aaaaa";
  const { harvester } = cluster.create(namespace);
  cluster.install(namespace);
  await clock.sleep(60_000);
  return {
    harvester: createFakeHarvester(cluster),
    site: createFakeSite(cluster),
    target: { namespace, service: "ingress", host: "prod.example" },
    namespace,
    pass: (ms) => clock.sleep(ms),
    loseDatabase: () => harvester.loseDatabase(),
    failJob: (job, description) => void harvester.outcomes.set(job, { exitCode: "FAILED", description }),
    loseConnection: (ms) => harvester.loseConnection(ms),
    close: async () => undefined,
  };
};
describeHarvester("the fake", openHarvester, { showsFaults: false });
