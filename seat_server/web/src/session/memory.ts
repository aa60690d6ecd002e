/** What this machine remembers between sign-ins: a language and a seat, nobody's data. */
export class Memory {
  constructor(private readonly store: Pick<Storage, 'getItem' | 'setItem'>) {}

  get seatId(): string | null {
    return this.store.getItem('xiaowu.seat')
  }

  rememberSeat(seatId: string): void {
    this.store.setItem('xiaowu.seat', seatId)
  }

  get language(): string | null {
    return this.store.getItem('xiaowu.language')
  }

  rememberLanguage(language: string): void {
    this.store.setItem('xiaowu.language', language)
  }
}
