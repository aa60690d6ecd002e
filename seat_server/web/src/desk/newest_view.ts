import type { DeskView } from '@xiaowu/wire'

/** Keeps the newest view of one connection; a view that was overtaken is dropped. */
export class NewestView {
  private seq = -1

  /** A new connection counts anew: a restored server may be behind what an old one said. */
  begin(): void {
    this.seq = -1
  }

  /** True when this view is the one to show. */
  accepts(view: DeskView): boolean {
    if (view.seq < this.seq) return false
    this.seq = view.seq
    return true
  }
}
