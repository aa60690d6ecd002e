import { inject, type ComputedRef, type InjectionKey, type Ref } from 'vue'
import type { Sound } from '@xiaowu/wire'
import type { Booth } from './booth'
import type { Catalogue } from './catalogue'
import type { Hall } from './hall'
import type { IdentitySession } from './identity/session'
import type { MediaSession } from './media_session'
import type { VisitState } from './visit'

/** Everything a screen of the kiosk may need, put together once in main.ts. */
export interface Kiosk {
  booth: Booth
  hall: Hall
  media: MediaSession
  identity: IdentitySession
  sound: Sound
  visits: VisitState
  catalogue: Readonly<Ref<Catalogue | null>>
  /** True while commands reach the server. */
  online: ComputedRef<boolean>
}

export const KIOSK: InjectionKey<Kiosk> = Symbol('kiosk')

export function useKiosk(): Kiosk {
  const kiosk = inject(KIOSK)
  if (kiosk === undefined) throw new Error('no kiosk was provided')
  return kiosk
}
