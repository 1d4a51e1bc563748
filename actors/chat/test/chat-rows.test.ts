/** The chat's actor on real rows: what it decides, it finds again. */
import assert from "node:assert/strict";
import { after, describe, test } from "node:test";
import { openTestDatabase } from "@rookery/kit";
import type { AddressedCommand } from "@rookery/protocol";
import { openLog } from "@rookery/runtime";
import { commit, ensureCluster, openStore, type Row } from "@rookery/store";
import { chatActor, type ChatState, decide } from "../src/mod.ts";
import { chatId, nowMs } from "./command.ts";
import { makeHistory } from "./history.ts";
import { seeds } from "./random.ts";
