import { describe, expect, it } from 'vitest'
import { withStartBitrate } from '../src/sdp'

const lines = (...each: string[]): string => each.join('\r\n') + '\r\n'

const SDP = lines(
  'v=0',
  'm=audio 9 UDP/TLS/RTP/SAVPF 111',
  'a=rtpmap:111 opus/48000/2',
  'a=fmtp:111 minptime=10',
  'm=video 9 UDP/TLS/RTP/SAVPF 96 97 102',
  'a=rtpmap:96 VP8/90000',
  'a=rtpmap:97 rtx/90000',
  'a=fmtp:97 apt=96',
  'a=rtpmap:102 H264/90000',
  'a=fmtp:102 packetization-mode=1',
)

describe('the start-bitrate hint', () => {
  const hinted = withStartBitrate(SDP, 2000)

  it('is added to a codec that has parameters', () => {
    expect(hinted).toContain('a=fmtp:102 packetization-mode=1;x-google-start-bitrate=2000\r\n')
  })

  it('makes a line for a codec that has none', () => {
    expect(hinted).toContain('a=rtpmap:96 VP8/90000\r\na=fmtp:96 x-google-start-bitrate=2000\r\n')
  })

  it('leaves sound and retransmission alone', () => {
    expect(hinted).toContain('a=fmtp:111 minptime=10\r\n')
    expect(hinted).toContain('a=fmtp:97 apt=96\r\n')
  })

  it('is added once, however often it is applied', () => {
    expect(withStartBitrate(hinted, 2000)).toBe(hinted)
  })
})
