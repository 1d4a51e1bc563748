export type { Answer } from "./answer.ts";
export { Breaker } from "./breaker.ts";
export {
  Endpoint,
  type EndpointChange,
  type EndpointDelivery,
  type EndpointPolicy,
  type Judgement,
} from "./endpoint.ts";
