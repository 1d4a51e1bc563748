/** What goes wrong, by script or by chance. */
import { seededRandom } from "../random.ts";

/** What happens to a call of the Bot API. */
export type CallFault =
  /** Done, and answered after so long. */
  | { readonly kind: "slow"; readonly delayMs: number }
  /** Not done. `isPage`: an HTML page instead of the envelope, as a proxy gives. */
  | {
      readonly kind: "status";
      readonly code: number;
      readonly description?: string;
      readonly retryAfter?: number;
      readonly isPage?: boolean;
    }
  /** Not done, and the connection is cut. */
  | { readonly kind: "cut_before" }
  /** Done, and the connection is cut: the outcome is unknown to the bot. */
  | { readonly kind: "cut_after" };

/** What happens to an update whose webhook answered 2xx. */
export type DeliveryFault =
  /** Posted again at once. */
  | { readonly kind: "duplicate" }
  /** Posted again after so long, out of turn and beside newer ones. */
  | { readonly kind: "resend"; readonly delayMs: number };

export type FaultRule = (CallFault | DeliveryFault) & {
  /** Only this method; any letter case. */
  readonly method?: string;
  readonly botId?: number;
  readonly chatId?: number;
  /** Matches that pass unharmed first. */
  readonly skip?: number;
  /** How often it strikes; 1 if not given and `probability` is not either, else without end. */
  readonly times?: number;
  /** Strikes with this chance only. */
  readonly probability?: number;
};

export interface FaultPlan {
  add(rule: FaultRule): void;
  clear(): void;
  /** The first rule that strikes. */
  ofCall(about: {
    readonly method: string;
    readonly botId: number;
    readonly chatId: number | undefined;
  }): CallFault | null;
  ofDelivery(about: {
    readonly botId: number;
    readonly chatId: number | undefined;
  }): readonly DeliveryFault[];
}

const rulesMax = 10_000;

export function openFaultPlan(seed: number): FaultPlan {
  const random = seededRandom(seed);
  let rules: { readonly rule: FaultRule; skip: number; left: number }[] = [];

  /** The rules that strike; each match counts. */
  function* strikes(about: {
    method?: string;
    botId: number;
    chatId: number | undefined;
  }): Generator<FaultRule> {
    for (const entry of rules) {
      const { rule } = entry;
      if ((about.method === undefined) !== isDelivery(rule)) continue;
      if (rule.method !== undefined && rule.method.toLowerCase() !== about.method?.toLowerCase()) continue;
      if (rule.botId !== undefined && rule.botId !== about.botId) continue;
      if (rule.chatId !== undefined && rule.chatId !== about.chatId) continue;
      if (entry.left <= 0) continue;
      if (rule.probability !== undefined && random() >= rule.probability) continue;
      if (entry.skip-- > 0) continue;
      entry.left--;
      yield rule;
    }
  }

  return {
    add(rule) {
      rules = rules.filter(({ left }) => left > 0);
      if (rules.length >= rulesMax) throw new Error(`more than ${rulesMax} faults`);
      const left = rule.times ?? (rule.probability === undefined ? 1 : Number.POSITIVE_INFINITY);
      rules.push({ rule, skip: rule.skip ?? 0, left });
    },
    clear() {
      rules = [];
    },
    ofCall(about) {
      for (const rule of strikes(about)) if (!isDelivery(rule)) return rule;
      return null;
    },
    ofDelivery: (about) => [...strikes(about)].filter(isDelivery),
  };
}

function isDelivery(rule: FaultRule): rule is FaultRule & DeliveryFault {
  return rule.kind === "duplicate" || rule.kind === "resend";
}
