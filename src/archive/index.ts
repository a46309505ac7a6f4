export { CdrFile, type CdrLine, cdrOf } from './cdr.ts';
export { type Manifest, type ManifestFile, type ManifestTrack, writeManifest } from './manifest.ts';
