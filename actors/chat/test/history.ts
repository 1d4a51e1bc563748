/** Histories of one chat, made of a seed: births, messages, invitations, by members, readers and strangers. */
import type { AddressedCommand, ChatCommand, ChatType } from "@rookery/protocol";
import { ask, birth, create, fromTelegram, invite, say } from "./command.ts";
import { openRandom, type Random } from "./random.ts";

const types: readonly ChatType[] = ["direct", "group", "channel", "telegram"];
/** Few, so that they meet. */
const usersMax = 8;

export function makeHistory(seed: number, length: number): AddressedCommand[] {
  const random = openRandom(seed);
  const type = types[random.below(types.length)] ?? "group";
  return Array.from({ length }, (_, index) => {
    // Of everything sent now and then is a repeat; the host catches those, the actor has to bear them.
    const uuid = `u-${random.once(20) ? random.below(index + 1) : index}`;
    return ask(1 + random.below(usersMax), makeCommand(random, type), uuid);
  });
}

function makeCommand(random: Random, type: ChatType): ChatCommand {
  const userId = (): number => 1 + random.below(usersMax);
  switch (random.below(8)) {
    case 0:
      return create(birth(type, [1, 2, userId() + 2]));
    case 1:
    case 2:
      return invite(...Array.from({ length: random.below(4) }, userId));
    case 3:
      return type === "telegram" ? fromTelegram("from afar") : say("again");
    case 4:
      return { ...say("back to that"), replyTo: 1 + random.below(40) };
    default:
      return say(`no. ${random.below(1_000)}`);
  }
}
