/** The tracks of a call's recording; a tap has two, named after its legs. */
export type TrackName = 'R' | 'W';
export const TRACKS: readonly TrackName[] = ['R', 'W'];
