import {
  CallMedia,
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
  readonly remote: Readonly<Ref<MediaStream | null>>
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
  const remote = shallowRef<MediaStream | null>(null)
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

  let call: CallMedia | null = null
  const newCall = (): CallMedia =>
    new CallMedia({
      link: link(),
      local: () => devices.open().then(orNothing),
      onRemote: (stream) => (remote.value = stream),
      onState: (now) => (state.value = now),
      onPicture: (live) => (picture.value = live),
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
    remote,
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
      call.update(view.link)
      if (view.link === null) {
        remote.value = null
        picture.value = false
        if (muted.value) setMuted(false)
      }
    },
    signalled(event) {
      call?.signalled(event)
    },
    abandon() {
      call?.close()
      call = null
      remote.value = null
      closeDevices()
    },
  }
}

/** CallMedia asks for a stream; without one it goes on with silence. */
function orNothing(stream: MediaStream | null): MediaStream {
  if (stream === null) throw new Error('no camera and no microphone')
  return stream
}
