import { withStartBitrate } from '@xiaowu/wire'

/** The witness looks at 480 lines, fifteen times a second; more would only heat the booth. */
const LINES = 480
const FRAME_RATE = 15
const BITRATE = 2_500_000
/** Host candidates of this machine are there at once; one that is not does not matter. */
const GATHER_MS = 2_000

/** The camera's picture on its way to the witness in the kiosk program. */
export interface CameraPeer {
  /** The SDP offer, with its candidates inside. */
  readonly offer: Promise<string>
  answered(sdp: string): Promise<void>
  close(): void
}

export type OpenCameraPeer = (track: MediaStreamTrack) => CameraPeer

/** Hands on `track`, which goes on serving the call; nothing else leaves, no server is asked. */
export const openCameraPeer: OpenCameraPeer = (track) => {
  const pc = new RTCPeerConnection({ iceServers: [], bundlePolicy: 'max-bundle' })
  const scope = new AbortController()
  const height = track.getSettings().height ?? LINES
  pc.addTransceiver(track, {
    direction: 'sendonly',
    sendEncodings: [
      {
        maxBitrate: BITRATE,
        maxFramerate: FRAME_RATE,
        scaleResolutionDownBy: Math.max(1, height / LINES),
      },
    ],
  })
  const gathered = new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, GATHER_MS)
    const look = (): void => {
      if (pc.iceGatheringState !== 'complete') return
      clearTimeout(timer)
      resolve()
    }
    pc.addEventListener('icegatheringstatechange', look, { signal: scope.signal })
    scope.signal.addEventListener('abort', () => clearTimeout(timer), { once: true })
  })
  const offered = async (): Promise<string> => {
    await pc.setLocalDescription()
    await gathered
    return pc.localDescription?.sdp ?? ''
  }
  return {
    offer: offered(),
    async answered(sdp) {
      // aiortc reports no bandwidth for seconds: without the hint the witness would see mud.
      await pc.setRemoteDescription({ type: 'answer', sdp: withStartBitrate(sdp) })
    },
    close() {
      scope.abort()
      pc.close()
    },
  }
}
