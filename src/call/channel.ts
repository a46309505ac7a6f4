/** What FreeSWITCH says of a channel. Text is what callers and dialplans sent, any characters; what is not known is `''` or null. */
export interface ChannelInfo {
  /** Its UUID now; it may have had another before. */
  uuid: string;
  /** The name of the box it is on. */
  box: string;
  /** `sofia/internal/1001@192.0.2.1` */
  channelName: string;
  callerName: string;
  callerNumber: string;
  calleeName: string;
  calleeNumber: string;
  direction: 'inbound' | 'outbound' | 'unknown';
  context: string;
  profile: string;
  gateway: string;
  domain: string;
  accountCode: string;
  /** The UUID of the channel that this one was made for; only B legs have one. */
  originator: string | null;
  /** The UUID of the channel it is bridged with. */
  bridgedTo: string | null;
  readCodec: string;
  writeCodec: string;
  /** Wall clock of the box, ms since 1970. */
  answeredAtMs: number | null;
  hungUpAtMs: number | null;
  hangupCause: string | null;
  /** Those of the variables in `trigger.variables` that are set. */
  variables: Record<string, string>;
}

/** Something that happened to a channel, in words. */
export interface ChannelNote {
  /** When the event came, on the process's monotonic clock. */
  atNs: number;
  event:
    | 'answered'
    | 'bridged'
    | 'unbridged'
    | 'held'
    | 'unheld'
    | 'transferred'
    | 'renamed'
    | 'codec-changed'
    | 'tap-started'
    | 'tap-ended'
    | 'tap-trouble'
    | 'hung-up';
  text: string;
}

/**
 * Whether the box says that the channel lives. `vouched`: its session is up and has heard no hangup, so
 * silence is no end. `unsure`: the session is down. `gone`: it has hung up.
 */
export type ChannelState = 'vouched' | 'unsure' | 'gone';

/** Formats a rule can ask for, as in `records.formats`. */
export type ChannelFormats = readonly ('wav' | 'pcm' | 'raw' | 'stereo')[];

const MAX_NOTES = 200;

/** A channel of a box. The box's session keeps it true; a call looks at it whenever it wants to know more. */
export class Channel {
  info: ChannelInfo;
  state: ChannelState = 'vouched';
  /** What the rule that decided asks for; null: `records.formats`. */
  formats: ChannelFormats | null = null;
  /** In the order they happened; from a number on that no call comes to, the rest is left out. */
  readonly notes: ChannelNote[] = [];
  /** All it has had. A tap goes on under the one it began with. */
  readonly uuids: string[];

  constructor(info: ChannelInfo) {
    this.info = info;
    this.uuids = [info.uuid];
  }

  note(note: ChannelNote): void {
    if (this.notes.length < MAX_NOTES) this.notes.push(note);
  }
}
