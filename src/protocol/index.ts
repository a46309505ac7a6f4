export {
  DataHeader,
  type DataResult,
  isData,
  parseData,
  uuidEquals,
  uuidOf,
} from './data-header.ts';
export type { InvExtension } from './extension.ts';
export { formatControl, formatData } from './format.ts';
export type {
  AckMessage,
  ByeMessage,
  ControlMessage,
  InvMessage,
  LegName,
  Malformed,
  MalformedReason,
  ParsedAck,
  ParsedInv,
  PortPair,
} from './message.ts';
export { hasVerb, isUuid, parseControl } from './parse-control.ts';
export { type Codec, codecOf, NO_PAYLOAD_TYPE, payloadTypeOf } from './payload-type.ts';
export { UuidTexts } from './uuid-texts.ts';
