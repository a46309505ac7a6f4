/** `[atSample, samples]` */
type Span = [atSample: number, samples: number];

/** A span in which every output was silence on purpose, in ms from the call's start. */
export interface MaskSpan {
  fromMs: number;
  toMs: number;
}

/** What a track's packets came to; the fields are those of the manifest. */
export interface TrackSummary {
  codec: string | null;
  payloadTypes: number[];
  ptimeMs: number | null;
  /** Of the track's files, in Hz; null where there are none. */
  sampleRate: number | null;
  packets: number;
  /** Of payload. */
  bytes: number;
  samples: number;
  /** Silence that was put in because nothing had arrived for that time. */
  gaps: Span[];
  /** Silence that was put in because no memory was left to wait for the disk in. */
  unwritten: Span[];
  lostPackets: number;
  /** Positive where silence was inserted, negative where a packet was dropped. */
  driftCorrections: Span[];
  /** Datagrams that reached the call and are not in its audio, by reason. */
  dropped: Record<string, number>;
}
