export { CdrFile, type CdrLine, cdrOf } from './cdr.ts';
export { findJournals } from './find-journals.ts';
export { findRecords } from './find-records.ts';
export { findLeftBehind, type LeftBehind } from './left-behind.ts';
export { linkPrevious } from './link-previous.ts';
export {
  linkNext,
  type Manifest,
  type ManifestChannel,
  type ManifestEvent,
  type ManifestFile,
  type ManifestTrack,
  readManifest,
  writeManifest,
} from './manifest.ts';
export {
  type RecoverOptions,
  type RecoveryOutcome,
  type RecoveryState,
  recover,
} from './recover.ts';
export { Recovery, type RecoveryOptions } from './recovery.ts';
