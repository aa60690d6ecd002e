/** Kbit/s at which a Chromium sender starts; left alone it begins at 300 and grows for seconds. */
export const START_BITRATE_KBPS = 2500

const VIDEO_CODEC = /^a=rtpmap:(\d+) (VP8|VP9|H264|H265|AV1)\//i

/**
 * Adds the start-bitrate hint to every video codec of a *remote* description, where Chromium's
 * sender reads it. Codecs without an fmtp line get one; a hint that is there already stays.
 */
export function withStartBitrate(sdp: string, kbps = START_BITRATE_KBPS): string {
  const hint = `x-google-start-bitrate=${kbps}`
  const newline = sdp.includes('\r\n') ? '\r\n' : '\n'
  return sdp
    .split(/(?=^m=)/m)
    .map((section) => (section.startsWith('m=video') ? hinted(section, hint, newline) : section))
    .join('')
}

function hinted(section: string, hint: string, newline: string): string {
  const lines = section.split(newline)
  const parameterised = new Set(
    lines.flatMap((line) => /^a=fmtp:(\d+) /.exec(line)?.slice(1, 2) ?? []),
  )
  const codecs = new Set(lines.flatMap((line) => VIDEO_CODEC.exec(line)?.slice(1, 2) ?? []))
  return lines
    .flatMap((line) => {
      const fmtp = /^a=fmtp:(\d+) /.exec(line)?.[1]
      if (fmtp !== undefined && codecs.has(fmtp)) {
        return [line.includes('x-google-start-bitrate') ? line : `${line};${hint}`]
      }
      const mapped = VIDEO_CODEC.exec(line)?.[1]
      if (mapped !== undefined && !parameterised.has(mapped)) {
        return [line, `a=fmtp:${mapped} ${hint}`]
      }
      return [line]
    })
    .join(newline)
}
