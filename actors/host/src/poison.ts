import type { Arrived } from "./shard.ts";

/** A command that made its actor throw (L8). */
export class Poison extends Error {
  override name = "Poison";
  readonly arrived: Arrived;

  constructor(arrived: Arrived, cause: unknown) {
    super(`the command at ${arrived.seq} cannot be decided`, { cause });
    this.arrived = arrived;
  }
}
