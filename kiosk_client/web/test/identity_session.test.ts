import { describe, expect, it, onTestFinished } from 'vitest'
import { shallowRef } from 'vue'
import { openIdentity, type IdentitySession } from '../src/identity/session'
import type { PageMessage, ProgramMessage } from '../src/identity/messages'
import { ticket, view } from './view_fixture'

interface Rig {
  session: IdentitySession
  sent: PageMessage[]
  lines: { hear(message: ProgramMessage): void; lose(): void; open: boolean }[]
  cameras: { open: boolean }[]
  local: { value: MediaStream | null }
}

const CAMERA = { getVideoTracks: () => [{ label: 'USB Camera' }] } as unknown as MediaStream
const CONSENT: ProgramMessage = {
  type: 'identity.ask_consent', guardian: false, language: 'zh', text_sha256: 'abc', title: '', lead: '', points: [], for_guardian: '', agree: '', no_face: '',
}
const WANT: ProgramMessage = { type: 'identity.want_camera', code: null, slow: false }

function rig(stream: MediaStream | null = CAMERA): Rig {
  const scope = new AbortController()
  onTestFinished(() => scope.abort())
  const local = shallowRef(stream)
  const sent: PageMessage[] = []
  const lines: Rig['lines'] = []
  const cameras: Rig['cameras'] = []
  const session = openIdentity({
    local,
    signal: scope.signal,
    openLine: ({ onMessage, onLost }) => {
      const line = { hear: onMessage, lose: onLost, open: true }
      lines.push(line)
      return { send: (message) => sent.push(message), close: () => (line.open = false) }
    },
    openCameraPeer: () => {
      const camera = { open: true }
      cameras.push(camera)
      return { offer: Promise.resolve('sdp'), answered: () => Promise.resolve(), close: () => (camera.open = false) }
    },
  })
  return { session, sent, lines, cameras, local }
}
const types = (sent: PageMessage[]): string[] => sent.map((message) => message.type.replace('identity.', ''))

describe('the check on the page', () => {
  it('hands the camera on only when the program asks for it, and takes it back when the look is over', async () => {
    const { session, sent, lines, cameras } = rig()
    session.begin('t1', 'face', 'zh')
    lines[0]?.hear(CONSENT)
    session.agree(true, null)
    expect(cameras).toEqual([])
    lines[0]?.hear(WANT)
    await Promise.resolve()
    expect(types(sent)).toEqual(['start', 'agree', 'offer_camera'])
    lines[0]?.hear({ type: 'identity.judging' })
    expect(cameras).toEqual([{ open: false }])
  })

  it('waits for a camera that is not there yet', async () => {
    const { session, sent, lines, local } = rig(null)
    session.begin('t1', 'face', 'zh')
    lines[0]?.hear(WANT)
    expect(types(sent)).toEqual(['start'])
    local.value = CAMERA
    await new Promise((resolve) => setTimeout(resolve))
    expect(types(sent)).toEqual(['start', 'offer_camera'])
  })

  it('the way without face drops the camera at once', () => {
    const { session, sent, lines, cameras } = rig()
    session.begin('t1', 'face', 'zh')
    lines[0]?.hear(WANT)
    session.chooseWay('no_face')
    expect([cameras[0]?.open, session.flow.value?.step, session.flow.value?.way]).toEqual([false, 'judging', 'no_face'])
    expect(sent.at(-1)).toEqual({ type: 'identity.choose_way', way: 'no_face' })
  })

  it('a kiosk program that is gone is said, and trying again begins anew', () => {
    const { session, lines } = rig()
    session.begin('t1', 'face', 'zh')
    lines[0]?.lose()
    expect([session.flow.value?.step, session.flow.value?.code, session.flow.value?.again]).toEqual(['trouble', 'program_lost', true])
    session.tryAgain()
    expect(lines.length).toBe(2)
    lines[0]?.hear(CONSENT)
    expect(session.flow.value?.step).toBe('opening')
  })

  it('goes on when the call comes, and ends with the ticket', () => {
    const { session, lines } = rig()
    session.begin('t1', 'face', 'zh')
    session.follow(view({ phase: 'in_call', ticket: ticket() }))
    expect(session.flow.value).not.toBeNull()
    session.follow(view({ phase: 'rating', ticket: null }))
    expect([session.flow.value, lines[0]?.open]).toEqual([null, false])
  })
})
