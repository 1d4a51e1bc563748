export type {
  AddressedCommand,
  Birth,
  ChatCommand,
  Command,
  CommandBatch,
  LoggedCommand,
  Outcome,
  Reply,
  UserCommand,
} from "./command.ts";
export {
  closeCodes,
  Fault,
  type FaultCode,
  type FaultInfo,
  faultInfo,
  faults,
  MalformedFrame,
} from "./fault.ts";
export type {
  Attachment,
  ChangeFrame,
  Chat,
  ChatType,
  ClientFrame,
  ClientFrameOf,
  Contact,
  Entity,
  Forward,
  Location,
  MemberRole,
  Message,
  Poll,
  PollDraft,
  ServerFrame,
  ServerFrameOf,
  Service,
  Source,
  TelegramState,
} from "./frame.ts";
export {
  type ActorKey,
  type ActorKind,
  type ActorRef,
  actorKey,
  type ChatId,
  type Epoch,
  idMax,
  parseActorKey,
  type Rev,
  type Seq,
  type ShardId,
  type UserId,
} from "./id.ts";
export { encodeJsonFrame, parseJsonFrame } from "./json.ts";
export { limits } from "./limit.ts";
export { openProtoCodec, type ProtoCodec } from "./proto.ts";
export {
  type EdgeBatch,
  type Event,
  type Head,
  type Heartbeat,
  type InterestReply,
  type InterestUpdate,
  interestHash,
  type ShardClaimed,
  type ShardRelease,
  type ShardStatus,
  type WorkerStatus,
} from "./release.ts";
export { emojiPattern } from "./scalar.ts";
export { shardHashVersion, shardOf } from "./shard.ts";
export { commandLogName, encodeInternal, parseInternal, subjects } from "./subject.ts";
