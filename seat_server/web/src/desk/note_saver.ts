export type NoteState = 'saved' | 'typing' | 'saving' | 'failed'

export interface NoteSaverOptions {
  /** Resolves when the server has committed the text, rejects when it refused or was out of reach. */
  save(callId: string, text: string): Promise<void>
  onChange(state: NoteState): void
  /** The last words on an earlier call could not be saved; there is no field left to show them in. */
  onLost(): void
  delayMs?: number
  retryMs?: number
}

/**
 * Saves one note as it is written: a pause in typing, a lost focus or a closing page is enough.
 * One save travels at a time, and the last text always wins; nothing typed is ever dropped.
 */
export class NoteSaver {
  private callId: string | null = null
  private text = ''
  private kept = ''
  private timer: ReturnType<typeof setTimeout> | undefined
  private travelling: Promise<void> | null = null

  constructor(private readonly options: NoteSaverOptions) {}

  /** The text to show. */
  get value(): string {
    return this.text
  }

  /**
   * The server's word on the note. It is taken over unless something typed here is not saved yet.
   * Returns true when the text to show has changed.
   */
  follow(callId: string, text: string): boolean {
    const isSameCall = callId === this.callId
    if (isSameCall && (this.text !== this.kept || this.travelling !== null)) return false
    if (!isSameCall) {
      this.sendLastWords()
      this.callId = callId
      this.options.onChange('saved')
    }
    this.kept = text
    if (this.text === text) return false
    this.text = text
    return true
  }

  /** The agent typed. */
  edit(text: string): void {
    if (this.callId === null) return
    this.text = text
    this.options.onChange('typing')
    this.schedule(this.options.delayMs ?? 700)
  }

  /** Save now what is not saved; resolves when it is, or when the attempt failed. */
  async flush(): Promise<void> {
    clearTimeout(this.timer)
    if (this.travelling !== null) await this.travelling
    if (this.callId === null || this.text === this.kept) return
    this.travelling = this.send(this.callId, this.text)
    await this.travelling
  }

  /** What is unsaved of the call that is left goes out at once, after the save that travels. */
  private sendLastWords(): void {
    clearTimeout(this.timer)
    const { callId, text, kept, options } = this
    if (callId === null || text === kept) return
    const before = this.travelling ?? Promise.resolve()
    before.then(() => options.save(callId, text)).catch(() => options.onLost())
  }

  private schedule(ms: number): void {
    clearTimeout(this.timer)
    this.timer = setTimeout(() => void this.flush(), ms)
  }

  private async send(callId: string, text: string): Promise<void> {
    this.options.onChange('saving')
    try {
      await this.options.save(callId, text)
      this.settle(callId, text)
    } catch {
      // The state says so on screen; the text stays and goes again.
      if (callId === this.callId) {
        this.options.onChange('failed')
        this.schedule(this.options.retryMs ?? 3000)
      }
    } finally {
      this.travelling = null
    }
  }

  private settle(callId: string, text: string): void {
    if (callId !== this.callId) return
    this.kept = text
    this.options.onChange(this.text === text ? 'saved' : 'typing')
  }
}
