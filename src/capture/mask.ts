import type { MaskSpan } from '../recording/index.ts';

interface Span {
  fromNs: number;
  /** Infinity for as long as it is on. */
  toNs: number;
}

/**
 * When a call is not to be heard. Packets are read up to a tick after they have arrived, so what counts is
 * when a packet arrived, and not whether the mask is on when it is read.
 */
export class Mask {
  readonly #spans: Span[] = [];

  get isOn(): boolean {
    return this.#spans.at(-1)?.toNs === Number.POSITIVE_INFINITY;
  }

  /** Switches it on or off as of `atNs`, which is not before the last such time. */
  set(isOn: boolean, atNs: number): void {
    if (isOn === this.isOn) return;
    const last = this.#spans.at(-1);
    if (isOn) this.#spans.push({ fromNs: atNs, toNs: Number.POSITIVE_INFINITY });
    else if (last) last.toNs = Math.max(atNs, last.fromNs);
  }

  /** True where what arrived then is not to be heard. */
  covers(arrivalNs: number): boolean {
    for (let i = this.#spans.length - 1; i >= 0; i--) {
      const { fromNs, toNs } = this.#spans[i] as Span;
      if (arrivalNs >= fromNs) return arrivalNs < toNs;
    }
    return false;
  }

  /** For the manifest, in ms from `originNs` on. */
  spansFrom(originNs: number): MaskSpan[] {
    const msOf = (ns: number) => Math.round((ns - originNs) / 1e6);
    return this.#spans.map(({ fromNs, toNs }) => ({ fromMs: msOf(fromNs), toMs: msOf(toNs) }));
  }
}
