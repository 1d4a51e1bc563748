/** Bots of the cluster's own, by the Bot API surface of two edges: talk, and the rules of sections 2 and 3 of the design's page. */
import { after, before, describe } from "node:test";
import { type Cluster, openCluster } from "./cluster.ts";
import { talkWithBots } from "./native-bot/talk.ts";
import { updatesAreAskedFor } from "./native-bot/update-rule.ts";
import { updatesArePosted } from "./native-bot/webhook-rule.ts";

let cluster: Cluster;
const edges = (): readonly string[] => cluster.edges;

before(async () => {
  cluster = await openCluster({ edges: 2 });
});
after(async () => {
  await cluster?.close();
});

describe("people and bots of the cluster's own", () => talkWithBots(edges));
describe("updates that are asked for", () => updatesAreAskedFor(edges));
describe("updates that are posted", () => updatesArePosted(edges));
