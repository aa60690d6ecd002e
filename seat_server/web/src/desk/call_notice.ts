import type { CallView, MediaState, MediaStats } from '@xiaowu/wire'

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
 * How the line feels. Speech suffers from 5 % loss or half a second of delay on. A line too thin
 * for the picture makes the sender's encoder shrink it; a still picture needs few bits on any line,
 * so the bitrate alone says nothing.
 */
export function qualityOf(stats: MediaStats): Quality {
  const rtt = stats.rttMs ?? 0
  const shrunk = stats.width > 0 && stats.kbps < 600 ? stats.width : Infinity
  if (stats.lossPct > 8 || rtt > 500 || shrunk < 320) return 'poor'
  if (stats.lossPct > 2 || rtt > 250 || shrunk < 640) return 'fair'
  return 'good'
}
