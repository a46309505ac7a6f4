import { systemCode } from '../errors.ts';

/** What no waiting changes: it is about the file or about us, not about the disk. */
const FOR_GOOD = new Set([
  ...['EEXIST', 'EISDIR', 'ENOTDIR', 'ENOTEMPTY', 'ELOOP', 'ENAMETOOLONG', 'EFBIG'],
  ...['EBADF', 'EINVAL', 'EFAULT', 'EXDEV', 'EILSEQ', 'EPIPE'],
]);

/**
 * Whether the same may work later: a full disk is cleaned up (`ENOSPC`, `EDQUOT`), a mount comes back
 * (`ENOENT`, `EIO`, `ENODEV`, `ESTALE`, `ENOTCONN`) or becomes writable (`EROFS`, `EACCES`), descriptors
 * become free (`EMFILE`).
 */
export function canHeal(error: unknown): boolean {
  const code = systemCode(error);
  // Our own errors have a code too.
  return code !== undefined && /^E[A-Z0-9]+$/.test(code) && !FOR_GOOD.has(code);
}
