import {
  CallMesh,
  LocalMedia,
  SelfView,
  type DeviceHealth,
  type KioskPhase,
  type KioskView,
  type Link,
  type MediaState,
  type Signalled,
} from '@xiaowu/wire'
import { ref, shallowRef, type Ref } from 'vue'

/** The camera, the microphone and the call of this page, for the screens to show. */
export interface MediaSession {
  readonly local: Readonly<Ref<MediaStream | null>>
  /** The resident's own picture, for whichever screen has a place for it. */
  readonly selfView: SelfView
  /** What arrives, by the name of the pair: the agent's, and that of a colleague beside. */
  readonly remotes: Readonly<Ref<ReadonlyMap<string, MediaStream>>>
  readonly camera: Readonly<Ref<DeviceHealth>>
  readonly microphone: Readonly<Ref<DeviceHealth>>
  readonly state: Readonly<Ref<MediaState>>
  /** False while no pictures arrive, though sound may. */
  readonly picture: Readonly<Ref<boolean>>
  readonly muted: Readonly<Ref<boolean>>
  setMuted(muted: boolean): void
  /** Opens camera and microphone before the server has been reached. */
  prepare(): void
  /** Takes every view of the server. */
  follow(view: KioskView): void
  signalled(event: Signalled): void
  /** The page lost its place to another one: let go of everything. */
  abandon(): void
}

/** The camera is open from the ticket on, so that the resident sees it works and a call starts at once. */
const CAMERA_PHASES: readonly KioskPhase[] = ['waiting', 'ringing', 'in_call']

export function openMediaSession(link: () => Link, signal: AbortSignal): MediaSession {
  const local = shallowRef<MediaStream | null>(null)
  const remotes = shallowRef<ReadonlyMap<string, MediaStream>>(new Map())
  const states = new Map<string, MediaState>()
  const pictures = new Map<string, boolean>()
  let main: string | null = null
  const camera = ref<DeviceHealth>('unknown')
  const microphone = ref<DeviceHealth>('unknown')
  const state = ref<MediaState>('closed')
  const picture = ref(false)
  const muted = ref(false)
  const selfView = new SelfView('self')

  const devices = new LocalMedia({
    signal,
    onChange() {
      local.value = devices.stream
      selfView.show(devices.stream)
      camera.value = devices.camera
      microphone.value = devices.microphone
      call?.localChanged()
    },
  })

  const publish = (): void => {
    state.value = (main === null ? undefined : states.get(main)) ?? 'closed'
    picture.value = (main === null ? undefined : pictures.get(main)) ?? false
  }
  const keep = (callIds: readonly string[]): void => {
    if ([...remotes.value.keys()].every((callId) => callIds.includes(callId))) return
    remotes.value = new Map([...remotes.value].filter(([callId]) => callIds.includes(callId)))
  }

  let call: CallMesh | null = null
  const newCall = (): CallMesh =>
    new CallMesh({
      link: link(),
      local: () => devices.open().then(orNothing),
      onRemote(callId, stream) {
        remotes.value = new Map([...remotes.value, [callId, stream]])
      },
      onState(callId, now) {
        if (now === 'closed') {
          states.delete(callId)
          pictures.delete(callId)
        } else states.set(callId, now)
        publish()
      },
      onPicture(callId, live) {
        pictures.set(callId, live)
        publish()
      },
    })

  const setMuted = (wanted: boolean): void => {
    muted.value = wanted
    call?.setMuted(wanted)
  }

  const closeDevices = (): void => {
    devices.close()
    local.value = null
    selfView.show(null)
    camera.value = 'unknown'
    microphone.value = 'unknown'
  }

  signal.addEventListener('abort', () => call?.close(), { once: true })

  return {
    local,
    selfView,
    remotes,
    camera,
    microphone,
    state,
    picture,
    muted,
    setMuted,
    prepare() {
      void devices.open()
    },
    follow(view) {
      call ??= newCall()
      if (CAMERA_PHASES.includes(view.phase)) void devices.open()
      else closeDevices()
      const links = [view.link, view.colleague?.link ?? null].filter((each) => each !== null)
      main = view.link?.call_id ?? null
      call.update(links)
      keep(links.map((each) => each.call_id))
      publish()
      if (main === null && muted.value) setMuted(false)
    },
    signalled(event) {
      call?.signalled(event)
    },
    abandon() {
      call?.close()
      call = null
      main = null
      keep([])
      publish()
      closeDevices()
    },
  }
}

/** A call asks for a stream; without one it goes on with silence. */
function orNothing(stream: MediaStream | null): MediaStream {
  if (stream === null) throw new Error('no camera and no microphone')
  return stream
}
