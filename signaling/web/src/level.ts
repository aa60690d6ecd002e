/** Measures how loud a microphone is, 0 to 1. Listens only: nothing of it reaches a speaker. */
export class LevelMeter {
  private readonly context = new AudioContext()
  private readonly analyser = this.context.createAnalyser()
  private readonly samples: Float32Array<ArrayBuffer>

  constructor(stream: MediaStream) {
    this.analyser.fftSize = 512
    this.samples = new Float32Array(this.analyser.fftSize)
    this.context.createMediaStreamSource(stream).connect(this.analyser)
    void this.context.resume()
  }

  /** The loudness now; speech is about 0.3 to 0.8. */
  read(): number {
    this.analyser.getFloatTimeDomainData(this.samples)
    const energy = this.samples.reduce((sum, sample) => sum + sample * sample, 0)
    const decibels = 10 * Math.log10(energy / this.samples.length + 1e-10)
    return Math.min(1, Math.max(0, (decibels + 60) / 50))
  }

  close(): void {
    void this.context.close()
  }
}
