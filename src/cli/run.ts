import { unsupportedNode } from './node-version.ts';

// An old Node must get as far as its own message, so nothing that it cannot parse or lacks is
// imported before the check, and this file keeps to what Node 14 understands.
const refusal = unsupportedNode(process.versions.node);
if (refusal) {
  process.stderr.write(`rst-server: ${refusal}\n`);
  process.exitCode = 2;
} else {
  import('./main.ts')
    .then(({ main }) => main(process.argv))
    .catch((error) => {
      process.stderr.write(`rst-server: ${String(error)}\n`);
      process.exitCode = 1;
    });
}
