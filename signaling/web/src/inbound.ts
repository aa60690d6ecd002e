/** What a peer connection has received, from getStats. */
export interface Inbound {
  packets: number
  frames: number
  bytes: number
  lost: number
  rttMs: number | null
  width: number
  height: number
}

/** Reads the inbound side of a peer connection's statistics. */
export async function readInbound(connection: RTCPeerConnection): Promise<Inbound> {
  const total: Inbound = {
    packets: 0,
    frames: 0,
    bytes: 0,
    lost: 0,
    rttMs: null,
    width: 0,
    height: 0,
  }
  const report = await connection.getStats()
  report.forEach((entry: RTCStats) => {
    if (isInbound(entry)) {
      total.packets += entry.packetsReceived ?? 0
      total.bytes += entry.bytesReceived ?? 0
      total.lost += entry.packetsLost ?? 0
      if (entry.kind === 'video') {
        total.frames += entry.framesDecoded ?? 0
        total.width = entry.frameWidth ?? 0
        total.height = entry.frameHeight ?? 0
      }
    } else if (isCandidatePair(entry) && entry.nominated && entry.state === 'succeeded') {
      total.rttMs = entry.currentRoundTripTime == null ? null : entry.currentRoundTripTime * 1000
    }
  })
  return total
}

function isInbound(entry: RTCStats): entry is RTCInboundRtpStreamStats {
  return entry.type === 'inbound-rtp'
}

function isCandidatePair(entry: RTCStats): entry is RTCIceCandidatePairStats {
  return entry.type === 'candidate-pair'
}
