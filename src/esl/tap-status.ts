/** A tap as `rst_status` lists it. */
export interface ListedTap {
  /** `192.0.2.5:9527` */
  destination: string;
}

/**
 * What an answer to `rst_status` lists. null where it is no list: only the module in mod_rst/ has that
 * command, so another one is loaded, or none.
 */
export function parseTapStatus(text: string): ListedTap[] | null {
  try {
    const { taps } = JSON.parse(text) as { taps?: unknown };
    if (!Array.isArray(taps)) return null;
    return taps.filter((tap): tap is ListedTap => typeof tap?.destination === 'string');
  } catch {
    return null;
  }
}
