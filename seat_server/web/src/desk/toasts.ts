export interface Toast {
  id: number
  tone: 'refusal' | 'news'
  text: string
}

/** Long enough to be read by somebody who looks up late: six seconds, and more for longer texts. */
export function readingTimeMs(text: string): number {
  return Math.max(6000, 3000 + text.length * 150)
}

/** At most so many at once; the oldest leaves first. */
export const MOST_TOASTS = 4

/** The messages on screen: each stays until it has been read or is dismissed. */
export class Toasts {
  private list: Toast[] = []
  private next = 1
  private readonly timers = new Map<number, ReturnType<typeof setTimeout>>()

  constructor(private readonly onChange: (toasts: readonly Toast[]) => void) {}

  /** Show a text; the same text again only starts its time anew. */
  show(text: string, tone: Toast['tone'] = 'refusal'): void {
    const shown = this.list.find((toast) => toast.text === text)
    const toast = shown ?? { id: this.next++, tone, text }
    if (shown === undefined) this.set([...this.list, toast])
    this.release(toast.id)
    while (this.list.length > MOST_TOASTS && this.list[0]) this.dismiss(this.list[0].id)
  }

  /** Somebody is reading it: it stays. */
  hold(id: number): void {
    clearTimeout(this.timers.get(id))
  }

  /** Its time runs, from the start. */
  release(id: number): void {
    this.hold(id)
    const toast = this.list.find((one) => one.id === id)
    if (toast === undefined) return
    this.timers.set(
      id,
      setTimeout(() => this.dismiss(id), readingTimeMs(toast.text)),
    )
  }

  dismiss(id: number): void {
    clearTimeout(this.timers.get(id))
    this.timers.delete(id)
    this.set(this.list.filter((toast) => toast.id !== id))
  }

  private set(list: Toast[]): void {
    this.list = list
    this.onChange(list)
  }
}
