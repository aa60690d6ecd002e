import { pause } from '@xiaowu/wire'
import type { LinkStatus } from '@xiaowu/wire'
import { shallowRef, watch, type Ref } from 'vue'
import { fetchCatalogue, keptCatalogue, type Catalogue } from './catalogue'

const RETRY_MS = 5_000

/**
 * The catalogue: at once from the copy this page keeps, then from the server, and again after
 * each reconnect, so that an import reaches a booth that is never switched off.
 */
export function openCatalogue(
  serverUrl: string,
  status: Readonly<Ref<LinkStatus>>,
  signal: AbortSignal,
): Readonly<Ref<Catalogue | null>> {
  const catalogue = shallowRef<Catalogue | null>(keptCatalogue())
  let loading = false
  const load = async (): Promise<void> => {
    if (loading) return
    loading = true
    while (!signal.aborted) {
      try {
        const found = await fetchCatalogue(serverUrl, signal)
        if (found.version !== catalogue.value?.version) catalogue.value = found
        break
      } catch {
        // The link's own state tells the resident; here it is enough to ask again.
        await pause(RETRY_MS, signal)
      }
    }
    loading = false
  }
  void load()
  watch(status, (now) => {
    if (now === 'online') void load()
  })
  return catalogue
}
