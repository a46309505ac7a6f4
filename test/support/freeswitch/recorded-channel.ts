import type { ByteText } from './field.ts';
import { Field } from './field.ts';
import { recordedEvents } from './transcript.ts';

export type Stage = 'create' | 'answer' | 'hangup';
export type Slot =
  | 'uuid'
  | 'name'
  | 'callerName'
  | 'callerNumber'
  | 'destination'
  | 'originatorUuid'
  | 'originatorName'
  | 'originatorDestination';

/** A recorded variable: as it is, or with places for what differs between channels. */
type Piece = Field | { name: string; parts: (ByteText | { slot: Slot })[] };

/** The headers of a recorded event of a channel. */
export interface RecordedChannel {
  /** Names, in their order: `Channel-State` to the last `Caller-` header. */
  headers: string[];
  /** Values of those that no channel changes. */
  constants: Map<string, ByteText>;
  variables: Piece[];
}

const NAME = Buffer.from('张三').toString('latin1');

/** What stands in the transcripts, the longer first where one is part of the other. */
const INBOUND: Record<string, Slot> = {
  '8533a91e-61f5-4af8-bf8d-d8b70f9f8461': 'uuid',
  'sofia/internal/13800001111@127.0.0.1': 'name',
  [NAME]: 'callerName',
  '13800001111': 'callerNumber',
  '9210': 'destination',
};
const OUTBOUND: Record<string, Slot> = {
  '5d3f7879-c816-48a9-a7cc-5a945ea2faef': 'uuid',
  '2f44af48-19dd-4413-a6d1-3f4bd03bf8a8': 'originatorUuid',
  'sofia/internal/9210@127.0.0.1:5090': 'name',
  'sofia/internal/13800001111@127.0.0.1': 'originatorName',
  [NAME]: 'callerName',
  '13800001111': 'callerNumber',
  '959210': 'originatorDestination',
  '9210': 'destination',
};

const EVENT_OF: Record<Stage, string> = {
  create: 'CHANNEL_CREATE',
  answer: 'CHANNEL_ANSWER',
  hangup: 'CHANNEL_HANGUP_COMPLETE',
};

/** Every recorded event of a channel, by direction and stage. Read once. */
export const RECORDED: Record<'inbound' | 'outbound', Record<Stage, RecordedChannel>> = {
  inbound: stagesOf('plain-inbound-call', 'inbound', INBOUND),
  outbound: stagesOf('bridged-call', 'outbound', OUTBOUND),
};

function stagesOf(
  transcript: string,
  direction: string,
  slots: Record<string, Slot>,
): Record<Stage, RecordedChannel> {
  const events = recordedEvents(transcript);
  const find = (stage: Stage) => {
    const event = events.find(
      (pairs) =>
        pairs[0]?.[1] === EVENT_OF[stage] &&
        pairs.some(([name, value]) => name === 'Call-Direction' && value === direction),
    );
    if (!event) throw new Error(`${transcript} has no ${direction} ${EVENT_OF[stage]}.`);
    return channelOf(event, slots);
  };
  return { create: find('create'), answer: find('answer'), hangup: find('hangup') };
}

function channelOf(pairs: [string, ByteText][], slots: Record<string, Slot>): RecordedChannel {
  const isVariable = (name: string) => name.startsWith('variable_');
  const start = pairs.findIndex(([name]) => name === 'Channel-State');
  const headers = pairs
    .slice(start)
    .filter(([name]) => !isVariable(name) && !name.startsWith('Other-'));
  return {
    headers: headers.map(([name]) => name),
    constants: new Map(headers),
    variables: pairs.filter(([name]) => isVariable(name)).map((pair) => pieceOf(pair, slots)),
  };
}

function pieceOf([name, value]: [string, ByteText], slots: Record<string, Slot>): Piece {
  const words = Object.keys(slots).map((word) => word.replace(/[.]/g, '\\.'));
  const pieces = value.split(new RegExp(`(${words.join('|')})`));
  if (pieces.length === 1) return new Field(name, value);
  const parts = pieces.filter(Boolean).map((piece) => {
    const slot = slots[piece];
    return slot === undefined ? piece : { slot };
  });
  return { name, parts };
}
