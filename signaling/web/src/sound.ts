/** One note of a chime: pitch in Hz, start and length in seconds. */
interface Note {
  hz: number
  at: number
  length: number
}

/** Low, round and slow enough for ears past seventy, which hear little above 3 kHz. */
const RING: readonly Note[] = [
  { hz: 659, at: 0, length: 0.45 },
  { hz: 523, at: 0.4, length: 0.8 },
]
const SOON: readonly Note[] = [
  { hz: 523, at: 0, length: 0.35 },
  { hz: 659, at: 0.28, length: 0.35 },
  { hz: 784, at: 0.56, length: 0.8 },
]
const ENDED: readonly Note[] = [
  { hz: 659, at: 0, length: 0.4 },
  { hz: 440, at: 0.32, length: 0.9 },
]
const CUE: readonly Note[] = [{ hz: 587, at: 0, length: 0.3 }]
const RING_EVERY_MS = 2_600

/**
 * The chimes of a page, made by WebAudio, so no file has to load. Browsers keep sound locked
 * until the first gesture; a chime asked for before that is silent, never an error.
 */
export class Sound {
  private context: AudioContext | null = null
  private level = 1

  constructor(signal: AbortSignal) {
    for (const gesture of ['pointerdown', 'keydown'] as const) {
      window.addEventListener(gesture, () => this.unlock(), { signal, capture: true })
    }
    signal.addEventListener('abort', () => void this.context?.close(), { once: true })
  }

  /** 0 to 1. */
  setVolume(level: number): void {
    this.level = level
  }

  /** True when chimes can be heard. */
  get unlocked(): boolean {
    return this.context?.state === 'running'
  }

  /** Rings until the returned function is called. */
  ring(): () => void {
    this.play(RING)
    const timer = setInterval(() => this.play(RING), RING_EVERY_MS)
    return () => clearInterval(timer)
  }

  /** Your turn comes. */
  soon(): void {
    this.play(SOON)
  }

  /** Something is asked on the screen: look. */
  cue(): void {
    this.play(CUE)
  }

  /** The call is over. */
  ended(): void {
    this.play(ENDED)
  }

  private unlock(): void {
    this.context ??= new AudioContext()
    if (this.context.state === 'suspended') void this.context.resume()
  }

  private play(notes: readonly Note[]): void {
    // Kiosk mode allows sound without a gesture, so try; elsewhere this stays suspended.
    this.unlock()
    const context = this.context
    if (context === null || context.state === 'closed') return
    const start = context.currentTime + 0.03
    for (const note of notes) this.strike(context, note, start + note.at)
  }

  private strike(context: AudioContext, note: Note, at: number): void {
    const tone = context.createOscillator()
    const envelope = context.createGain()
    tone.type = 'sine'
    tone.frequency.value = note.hz
    envelope.gain.setValueAtTime(0.0001, at)
    envelope.gain.exponentialRampToValueAtTime(Math.max(0.0002, 0.5 * this.level), at + 0.02)
    envelope.gain.exponentialRampToValueAtTime(0.0001, at + note.length)
    tone.connect(envelope).connect(context.destination)
    tone.start(at)
    tone.stop(at + note.length + 0.05)
  }
}
