export { CdrFile, type CdrLine, cdrOf } from './cdr.ts';
export { findLeftBehind, type LeftBehind } from './left-behind.ts';
export {
  linkNext,
  type Manifest,
  type ManifestChannel,
  type ManifestEvent,
  type ManifestFile,
  type ManifestTrack,
  writeManifest,
} from './manifest.ts';
