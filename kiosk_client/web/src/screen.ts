import type { KioskPhase, LinkStatus } from '@xiaowu/wire'

export type Screen = 'trouble' | 'home' | 'ticket' | 'parked' | 'call' | 'rating' | 'farewell'

/** What the choice of a screen depends on. */
export interface Situation {
  phase: KioskPhase | null
  status: LinkStatus
  /** A closing sentence is due before the home screen. */
  farewell: boolean
}

/** Which screen this page belongs on. */
export function screenFor({ phase, status, farewell }: Situation): Screen {
  if (status === 'replaced') return 'trouble'
  switch (phase) {
    case 'waiting':
    case 'ringing':
      return 'ticket'
    case 'parked':
      return 'parked'
    case 'in_call':
      return 'call'
    case 'rating':
      return 'rating'
    case 'idle':
    case null:
      // A refused booth serves nobody, but whoever is in the line keeps the number in sight.
      if (status === 'refused') return 'trouble'
      return farewell ? 'farewell' : 'home'
    default:
      return phase satisfies never
  }
}

/** The three plain stages of waiting. */
export type Stage = 'waiting' | 'soon' | 'connecting'

export function stageOf(phase: KioskPhase | null, soon: boolean): Stage {
  if (phase === 'ringing' || phase === 'in_call') return 'connecting'
  return soon ? 'soon' : 'waiting'
}
