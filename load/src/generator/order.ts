/** What is said between a scenario and the generator processes that hold its sockets. */
import type { Pace, PhaseReport, StageChat } from "../drive.ts";
import type { Percentiles } from "../histogram.ts";
import type { StageDoor } from "../stage.ts";

export type Order =
  | {
      readonly kind: "open";
      readonly doors: readonly StageDoor[];
      readonly chats: readonly StageChat[];
      readonly opensMax: number;
    }
  | {
      readonly kind: "drive";
      readonly name: string;
      readonly messages: number;
      readonly pace: Pace;
      /** From and to; all of them if not given. */
      readonly chats: readonly [from: number, to: number] | undefined;
    }
  /** All sockets are cut and opened again, as many at a time. */
  | { readonly kind: "storm"; readonly opensMax: number }
  | { readonly kind: "close" };

export type Answer =
  | { readonly kind: "progress"; readonly line: string }
  | {
      readonly kind: "opened";
      readonly sockets: number;
      readonly openMs: number;
      readonly hellos: Percentiles;
    }
  | { readonly kind: "driven"; readonly report: PhaseReport }
  | { readonly kind: "closed"; readonly lost: readonly string[] }
  | { readonly kind: "failed"; readonly reason: string };

export type AnswerOf<K extends Answer["kind"]> = Extract<Answer, { kind: K }>;
