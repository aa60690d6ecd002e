import type { CallView, MediaState } from '@xiaowu/wire'

/** What stands over the resident's picture; null when all is well. */
export type CallNotice =
  | { kind: 'connecting' }
  | { kind: 'resident_away'; deadline: number | null }
  | { kind: 'reconnecting' }
  | { kind: 'sound_only' }

/** The one thing the agent must know about the picture now. */
export function callNotice(call: CallView, media: MediaState, picture: boolean): CallNotice | null {
  if (!call.peer_present && media !== 'flowing') {
    return { kind: 'resident_away', deadline: call.away_deadline }
  }
  if (media === 'stalled') return { kind: 'reconnecting' }
  if (media === 'flowing') return picture ? null : { kind: 'sound_only' }
  return call.connected_at === null ? { kind: 'connecting' } : { kind: 'reconnecting' }
}

export type Quality = 'good' | 'fair' | 'poor'

/**
 * How the line feels. Speech suffers from 5 % loss or half a second of delay on; a picture of
 * 720p wants about a megabit.
 */
export function qualityOf(stats: { kbps: number; rttMs: number | null; lossPct: number }): Quality {
  const rtt = stats.rttMs ?? 0
  if (stats.lossPct > 8 || rtt > 500 || stats.kbps < 150) return 'poor'
  if (stats.lossPct > 2 || rtt > 250 || stats.kbps < 600) return 'fair'
  return 'good'
}
