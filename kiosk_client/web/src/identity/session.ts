import type { GuardianRelation, IdentityWay, KioskView, Language } from '@xiaowu/wire'
import { shallowRef, watch, type Ref } from 'vue'
import { openCameraPeer, type CameraPeer, type OpenCameraPeer } from './camera'
import { after, startFlow, type Flow } from './flow'
import { openLine, type IdentityLine, type OpenLine } from './line'
import type { PageMessage, ProgramMessage } from './messages'

/** The one check of identity that may be going on in this booth. */
export interface IdentitySession {
  /** Null: none is going on. */
  readonly flow: Readonly<Ref<Flow | null>>
  begin(ticketId: string, way: IdentityWay, language: Language): void
  chooseWay(way: IdentityWay): void
  skipCard(): void
  putSampleCard(): void
  agree(readAloud: boolean, guardian: GuardianRelation | null): void
  tryAgain(): void
  /** Not now, or done: back to what was before. Everything is forgotten. */
  close(): void
  /** Takes every view of the server: without the ticket there is nobody to check. */
  follow(view: KioskView): void
}

export interface IdentityOptions {
  /** This booth's own picture; the call uses it too. */
  local: Readonly<Ref<MediaStream | null>>
  signal: AbortSignal
  /** Replaced in tests. */
  openLine?: OpenLine
  openCameraPeer?: OpenCameraPeer
}

export function openIdentity(options: IdentityOptions): IdentitySession {
  const flow = shallowRef<Flow | null>(null)
  let line: IdentityLine | null = null
  let camera: CameraPeer | null = null
  let stopWaiting: (() => void) | null = null
  let language: Language = 'zh'

  const letCameraGo = (): void => {
    stopWaiting?.()
    stopWaiting = null
    camera?.close()
    camera = null
  }
  const hangUp = (): void => {
    letCameraGo()
    line?.close()
    line = null
  }
  const close = (): void => {
    hangUp()
    flow.value = null
  }
  const send = (message: PageMessage): void => line?.send(message)

  /** Hands the picture on as soon as there is one; the program waits for a while. */
  function offerCamera(): void {
    letCameraGo()
    const hand = (stream: MediaStream | null): boolean => {
      const track = stream?.getVideoTracks()[0]
      if (track === undefined) return false
      const peer = (options.openCameraPeer ?? openCameraPeer)(track)
      camera = peer
      void peer.offer.then(
        (sdp) => {
          if (camera === peer) send({ type: 'identity.offer_camera', sdp, camera_label: track.label.slice(0, 200) })
        },
        // The program says so when no offer comes.
        () => undefined,
      )
      return true
    }
    if (hand(options.local.value)) return
    stopWaiting = watch(options.local, (stream) => {
      if (hand(stream)) stopWaiting?.()
    })
  }

  function hear(message: ProgramMessage): void {
    if (flow.value === null) return
    flow.value = after(flow.value, message)
    switch (message.type) {
      case 'identity.want_camera':
        return offerCamera()
      case 'identity.answer_camera':
        void camera?.answered(message.sdp).catch(() => undefined)
        return
      case 'identity.judging':
      case 'identity.failed':
        return letCameraGo()
      case 'identity.result':
      case 'identity.over':
        return hangUp()
    }
  }

  function open(ticketId: string, way: IdentityWay): void {
    hangUp()
    flow.value = startFlow(ticketId, way)
    const mine = (options.openLine ?? openLine)({
      onMessage: (message) => {
        if (line === mine) hear(message)
      },
      onLost: () => {
        if (line !== mine || flow.value === null) return
        hangUp()
        flow.value = { ...flow.value, step: 'trouble', code: 'program_lost', again: true }
      },
    })
    line = mine
    mine.send({ type: 'identity.start', ticket_id: ticketId, way, language })
  }

  options.signal.addEventListener('abort', close, { once: true })

  return {
    flow,
    begin(ticketId, way, spoken) {
      language = spoken
      open(ticketId, way)
    },
    chooseWay(way) {
      const now = flow.value
      if (now === null || now.way === way) return
      // Back to the face means back to its consent; without the program there is nothing to tell.
      const anew = line === null || (way === 'face' && now.step !== 'card' && now.step !== 'opening')
      if (anew) return open(now.ticketId, way)
      letCameraGo()
      flow.value = { ...now, way, step: now.step === 'card' || now.step === 'opening' ? now.step : 'judging' }
      send({ type: 'identity.choose_way', way })
    },
    skipCard() {
      if (flow.value === null) return
      flow.value = { ...flow.value, way: 'no_face', step: 'judging' }
      send({ type: 'identity.skip_card' })
    },
    putSampleCard: () => send({ type: 'identity.put_sample_card' }),
    agree(readAloud, guardian) {
      const asked = flow.value?.consent
      if (!asked) return
      send({ type: 'identity.agree', text_sha256: asked.text_sha256, read_aloud: readAloud, guardian })
    },
    tryAgain() {
      const now = flow.value
      if (now === null) return
      if (line === null) return open(now.ticketId, now.way)
      send({ type: 'identity.try_again' })
    },
    close() {
      send({ type: 'identity.cancel' })
      close()
    },
    follow(view) {
      const now = flow.value
      if (now !== null && (view.ticket?.id !== now.ticketId || view.phase === 'parked')) close()
    },
  }
}
